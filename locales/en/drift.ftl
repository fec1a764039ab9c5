# What lives in a cluster, held against what was deployed.
drift-open = Compare with { $cluster }
drift-title = Compared with { $cluster }
drift-lede = What Slipway put there, held against what is there now: somebody may have changed it by hand. Secrets are written and never read, so they are not compared; restoring writes them again.
drift-again = Look again
drift-never = Nothing was deployed here yet
drift-never-why = There is nothing to compare. The first release puts it there.
drift-against = Held against deployment { $n } with revision { $revision } of the parameters, done
drift-looked = Looked at
drift-waits = Revision { $revision } of the parameters goes there with the next deployment; what is new in it is no drift.
drift-tried = A later deployment did not succeed; what it left there is shown too.
drift-refused = { $kind } { $name }: the cluster would refuse what was deployed, as it is now: { $detail }
drift-under-way = { $who } is bringing something there. Look again when it has arrived.
drift-none = What runs is what was deployed
drift-none-why = Every field is as Slipway put it there. Looked at
drift-lines = { $n ->
    [one] One difference
   *[other] { $n } differences
}
drift-field = Object and field
drift-change = Deployed, and there now
drift-by = Changed by
drift-by-nobody = not recorded
drift-gone = Is not there any more
drift-beside = Beside what Slipway deployed
drift-no-words = Parameters cannot say it: restore it, or leave it.
drift-no-words-beside = Parameters cannot say it: take it away, or leave it.
drift-in-parameters = In parameters:
drift-ways = What to do about it
drift-adopt = Take it into the parameters
drift-adopt-means = Files a request for this cluster with the chosen parameters as they are now; whoever decides sees them field by field.
drift-adopt-which = Which
drift-choose = Choose at least one parameter.
drift-adopts-moved = What you chose does not differ any more as you saw it. Look at it again.
drift-other-autoscaler = The autoscaler { $name } moves these containers between { $min } and { $max }; Slipway did not put it there. Beside one of Slipway’s it never comes to rest: delete it before the parameters let the number of containers vary.
drift-adopt-button = Ask to take it in
drift-nothing-to-adopt = Nothing of what differs can be said in parameters.
drift-restore = Put back what was deployed
drift-restore-means = Deploys once more what runs. Slipway’s fields and objects go back to what was deployed. Containers are replaced only where something in them differs.
drift-take-away = Take away what others set beside it, too
drift-beside-moved = What others set beside it is not what you saw any more. Look at it again.
drift-restore-button = Restore on { $cluster }
drift-why = Why
