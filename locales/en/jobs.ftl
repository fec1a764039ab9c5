step-unknown = This version of Slipway does not know this step.
step-panicked = The step broke off inside Slipway; the log says where.
step-too-slow = The step took longer than it may.
step-not-recorded = The step’s result could not be stored.
step-abandoned = Given up by operations: { $reason }
