-- What is told to people, and the ways on which it goes to them.

-- One way: a channel, or one person's own mail. Each is worked on by one process at a time, at
-- its own pace, so that one that fails holds up nobody else.
CREATE TABLE notice_lane (
    id uuid CONSTRAINT notice_lane_pkey PRIMARY KEY,
    held_until timestamptz,
    next_at timestamptz NOT NULL DEFAULT slipway_now(),
    -- What is left of the pace at which the other side takes messages, and as of when.
    tokens double precision NOT NULL DEFAULT 1,
    tokens_at timestamptz NOT NULL DEFAULT slipway_now(),
    failures integer NOT NULL DEFAULT 0,
    succeeded_at timestamptz,
    failed_at timestamptz,
    last_error jsonb,
    -- What the last press of the test button came to.
    tested jsonb
);
CREATE INDEX notice_lane_due ON notice_lane (next_at);

CREATE TABLE notice_channel (
    id uuid CONSTRAINT notice_channel_pkey PRIMARY KEY
        REFERENCES notice_lane (id) ON DELETE CASCADE,
    -- Whose own it is; nobody's own is operations'.
    project_id uuid REFERENCES project (id),
    key text NOT NULL
        CONSTRAINT notice_channel_key_grammar CHECK (key ~ '^[a-z][a-z0-9-]{0,38}$'),
    kind text NOT NULL CONSTRAINT notice_channel_kind_known
        CHECK (kind IN ('mail', 'webhook', 'dingtalk', 'wecom', 'feishu')),
    locale text NOT NULL CONSTRAINT notice_channel_locale_known CHECK (locale IN ('en', 'zh-CN')),
    events text[] NOT NULL,
    -- None means all of them, and the platform's own matters besides.
    projects uuid[] NOT NULL DEFAULT '{}',
    -- Holds nothing secret: an address that is a credential lies in `secret`.
    config jsonb NOT NULL,
    secret bytea,
    secret_key text,
    secret_version integer NOT NULL DEFAULT 0,
    secret_changed_at timestamptz NOT NULL DEFAULT slipway_now(),
    -- When it is told what waits; a cron expression in the channel's zone.
    digest text CONSTRAINT notice_channel_digest_size CHECK (length(digest) BETWEEN 1 AND 100),
    time_zone text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    updated_at timestamptz NOT NULL DEFAULT slipway_now(),
    CONSTRAINT notice_channel_secret_has_key CHECK ((secret IS NULL) = (secret_key IS NULL)),
    -- A mail server is the platform's; a project may add robots.
    CONSTRAINT notice_channel_of_project_is_robot
        CHECK (project_id IS NULL OR kind IN ('dingtalk', 'wecom', 'feishu'))
);
CREATE UNIQUE INDEX notice_channel_key_key ON notice_channel (key) WHERE project_id IS NULL;
CREATE UNIQUE INDEX notice_channel_key_in_project ON notice_channel (project_id, key)
    WHERE project_id IS NOT NULL;
-- People's own mail goes through one server.
CREATE UNIQUE INDEX notice_channel_one_for_people ON notice_channel ((true))
    WHERE kind = 'mail' AND (config -> 'for_people') = 'true';

-- One message on one way. Those that leave together share a batch, whose id is the message's for
-- the other side: it is stored before the first try and the same at every repeat.
CREATE TABLE notice_delivery (
    id uuid CONSTRAINT notice_delivery_pkey PRIMARY KEY,
    lane_id uuid NOT NULL REFERENCES notice_lane (id) ON DELETE CASCADE,
    message_id uuid NOT NULL,
    news jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CONSTRAINT notice_delivery_state_known
        CHECK (state IN ('waiting', 'sent', 'given_up')),
    due_at timestamptz NOT NULL DEFAULT slipway_now(),
    batch_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    error jsonb,
    created_at timestamptz NOT NULL DEFAULT slipway_now(),
    ended_at timestamptz,
    CONSTRAINT notice_delivery_once UNIQUE (lane_id, message_id),
    CONSTRAINT notice_delivery_ended_when_over CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE INDEX notice_delivery_waiting ON notice_delivery (lane_id, due_at) WHERE state = 'waiting';
CREATE INDEX notice_delivery_by_lane ON notice_delivery (lane_id, id DESC);
CREATE INDEX notice_delivery_over ON notice_delivery (ended_at) WHERE state <> 'waiting';
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
