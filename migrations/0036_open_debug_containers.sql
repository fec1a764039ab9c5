-- A terminal whose image has no shell may run it in a debug container: which image, and beside
-- which container. `container` is then the debug container's own name.
ALTER TABLE terminal
    ADD COLUMN debug_image text
        CONSTRAINT terminal_debug_image_size CHECK (length(debug_image) BETWEEN 1 AND 500),
    ADD COLUMN debug_target text
        CONSTRAINT terminal_debug_target_size CHECK (length(debug_target) BETWEEN 1 AND 63),
    ADD CONSTRAINT terminal_debug_whole CHECK ((debug_image IS NULL) = (debug_target IS NULL)),
    DROP CONSTRAINT terminal_ending_known,
    ADD CONSTRAINT terminal_ending_known CHECK (ending IN (
        'exited', 'killed', 'no-shell', 'gone', 'unreachable', 'failed', 'lost', 'closed', 'idle',
        'too-long', 'abandoned', 'unused', 'signed-out', 'right-lost', 'right-unknown',
        'no-recorder', 'portal-stopped', 'portal-lost', 'debug-no-image', 'debug-not-started',
        'debug-refused'));
