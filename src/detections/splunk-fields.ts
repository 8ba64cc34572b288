/**
 * Splunk's names of process fields (data model Endpoint.Processes) and the ECS fields that hold the same (docs/design.md,
 * "Fields and groups"). The seeds' messages, groups and risk objects speak in the former.
 */
export const SPLUNK_FIELDS: Readonly<Record<string, string>> = {
  parent_process_name: 'process.parent.name',
  parent_process: 'process.parent.command_line',
  parent_process_path: 'process.parent.executable',
  parent_process_id: 'process.parent.pid',
  process_name: 'process.name',
  process: 'process.command_line',
  process_path: 'process.executable',
  process_id: 'process.pid',
  process_guid: 'process.entity_id',
  original_file_name: 'process.pe.original_file_name',
  dest: 'host.name',
  user: 'user.name',
};
