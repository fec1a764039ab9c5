// Who may see what, read from the table that the portal's own tests hold against its router, so
// that what a browser sees and what the API answers are promised in one place.
import { readFileSync } from 'node:fs';

const TABLE = new URL('../tests/it/permissions.rs', import.meta.url);
const COLUMNS = ['nobody', 'stranger', 'viewer', 'developer', 'tester', 'owner', 'ops', 'auditor', 'admin'];

// Those of the demo who are not called as their column is.
const COLUMN = { outsider: 'stranger' };
const OF_PROJECTS = ['viewer', 'developer', 'tester', 'owner'];

// The people in whose name every page is opened.
export const roles = ['developer', 'tester', 'ops', 'auditor', 'admin', 'outsider'];

const rows = new Map();
for (const line of readFileSync(TABLE, 'utf8').split('\n')) {
  const [, route, statuses] = line.match(/^GET\s+(\S+)\s+((?:\d{3}\s*){9})$/) ?? [];
  if (route) rows.set(route, statuses.trim().split(/\s+/).map(Number));
}
if (rows.size === 0) throw new Error(`no table in ${TABLE}`);

// What a page answers somebody. `memberships` are their roles in the page's project, where it is
// one of a project: there a person is what they are in it, and the best of it counts.
export function expected({ route, as = {} }, role, memberships) {
  const row = rows.get(route);
  if (!row) throw new Error(`the table of permissions has no GET ${route}`);
  const own = COLUMN[role] ?? role;
  const columns = OF_PROJECTS.includes(own) && memberships ? ['stranger', ...memberships] : [own];
  const statuses = columns.map((column) => row[COLUMNS.indexOf(column)]);
  return as[role] ?? [200, 403, 404].find((status) => statuses.includes(status)) ?? statuses[0];
}
