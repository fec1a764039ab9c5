-- What a person wants to be told by mail. The row's id is that of the person's lane.
CREATE TABLE notice_person (
    account_id uuid CONSTRAINT notice_person_pkey PRIMARY KEY
        REFERENCES account (id) ON DELETE CASCADE,
    lane_id uuid NOT NULL CONSTRAINT notice_person_lane UNIQUE REFERENCES notice_lane (id),
    address text NOT NULL
        CONSTRAINT notice_person_address_size CHECK (length(address) BETWEEN 3 AND 254),
    events text[] NOT NULL DEFAULT '{}',
    -- From and to the same time of day is no quiet at all.
    quiet_from time,
    quiet_to time,
    time_zone text NOT NULL DEFAULT 'UTC',
    -- Whether a failure of production is told in quiet hours too.
    breaks_through boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT notice_person_quiet_whole CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
);
