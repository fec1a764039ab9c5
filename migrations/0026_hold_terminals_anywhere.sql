-- Where the process that holds a terminal's shell is found by the others, beside until when it is
-- believed to be alive. None where it told nobody its address.
ALTER TABLE terminal ADD COLUMN inner_url text
    CONSTRAINT terminal_inner_url_size CHECK (length(inner_url) <= 300);
