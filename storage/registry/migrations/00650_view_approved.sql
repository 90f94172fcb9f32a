-- +goose Up
-- Who approved a camera's view stands beside the camera, where the rules look.
UPDATE cameras SET body = json_set(body, '$.view_approved_by', (
  SELECT json_group_array(json_extract(s.value, '$.by')) FROM views v, json_each(v.body, '$.signatures') s WHERE v.camera = cameras.id))
WHERE EXISTS (SELECT 1 FROM views v WHERE v.camera = cameras.id
  AND json_array_length(v.body, '$.signatures') >= 2 AND json_extract(v.body, '$.drift') IS NULL);
