-- What moved that open requests may have been computed from: of a project, or of all. A timer
-- computes those anew and takes the row away. A table of its own, because whoever moves something
-- holds other requests' rows in no order.

CREATE TABLE request_moved (
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT request_moved_pkey PRIMARY KEY,
    project_id uuid CONSTRAINT request_moved_project_fkey REFERENCES project
);
