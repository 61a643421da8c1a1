/** The monitors of a run, as its log reads them. Pure: no imports, since run-state.ts is at the bottom of everything. */

/**
 * A column of `runs`: its monitors that look at points, as the JSON text of WatchedRow[]; `[]` where there are none.
 * Part of the statement by which a log opens, so that it costs no trip.
 */
export const MONITORS_OF_RUN = `(
  SELECT json_group_array(json_object('monitor_id', m.monitor_id, 'version', m.version, 'name', m.name,
    'definition', json(m.definition), 'targets', json(m.targets), 'muted_until', m.muted_until,
    'updated_time', m.updated_time, 'experiment_id', runs.experiment_id, 'run_name', runs.name,
    'alert', json((SELECT json_object('alert_id', a.alert_id, 'state', a.state, 'opened_time', a.opened_time,
        'timestamp', a.changed_timestamp, 'step', a.changed_step)
      FROM alerts a WHERE a.run_id = runs.run_id AND a.monitor_id = m.monitor_id
      ORDER BY a.opened_time DESC, a.opened_timestamp DESC, a.opened_step DESC LIMIT 1))))
  FROM monitors m WHERE m.enabled = 1 AND m.kind <> 'silence' AND m.scope IN (
    SELECT 'e:' || runs.experiment_id UNION ALL SELECT 'r:' || runs.run_id
    UNION ALL SELECT 'm:' || g.name || '@' || x.alias FROM model_versions v
      JOIN registered_model_aliases x ON x.model_id = v.model_id AND x.version = v.version
      JOIN registered_models g ON g.model_id = v.model_id WHERE v.run_id = runs.run_id))`;
