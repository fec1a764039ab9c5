-- Whoever was let into a terminal finds it on the start page.
CREATE INDEX terminal_guest_account ON terminal_guest (account_id) WHERE ended_at IS NULL;
