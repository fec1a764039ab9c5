-- The fields of a file that is a Secret's key are named by their path in the document. Drafts hold
-- a form as it was typed, so that theirs are renamed; one at its longest is left as it is.
UPDATE request_draft SET body = regexp_replace(
    regexp_replace(body, '(^|&)(files\.\d+\.)secret=', '\1\2secret.name=', 'g'),
    '(^|&)(files\.\d+\.)key=', '\1\2secret.key=', 'g')
WHERE body ~ '(^|&)files\.\d+\.(secret|key)=' AND octet_length(body) < 60000;
