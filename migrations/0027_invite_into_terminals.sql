-- Somebody who was let into another's terminal: to look, or to type in its owner's place. One at
-- a time, and no longer than the shell lives.
CREATE TABLE terminal_guest (
    id uuid CONSTRAINT terminal_guest_pkey PRIMARY KEY,
    terminal_id uuid NOT NULL REFERENCES terminal (id),
    account_id uuid NOT NULL REFERENCES account (id),
    invited_at timestamptz NOT NULL DEFAULT slipway_now(),
    -- Whether the keyboard is theirs just now.
    types boolean NOT NULL DEFAULT false,
    ended_at timestamptz
);
CREATE UNIQUE INDEX terminal_guest_one ON terminal_guest (terminal_id) WHERE ended_at IS NULL;
REVOKE DELETE ON terminal_guest FROM slipway_app;
