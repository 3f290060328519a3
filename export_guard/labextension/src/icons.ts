/** Icons of this extension. */

import { LabIcon } from '@jupyterlab/ui-components';

function icon(name: string, path: string): LabIcon {
  const svgstr =
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    `<path class="jp-icon3" fill="#616161" d="${path}"/></svg>`;
  return new LabIcon({ name: `carrel:${name}`, svgstr });
}

/** A table with a key column: the data dictionary. */
export const dataIcon = icon(
  'data',
  'M4 3h16a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm1 6v4h4V9zm6 0v4h8V9z' +
    'm-6 6v4h4v-4zm6 0v4h8v-4zM5 5v2h14V5z'
);

/** A paper that leaves a tray: asking for a release. */
export const releaseIcon = icon(
  'release',
  'M12 2l5 5h-3v7h-4V7H7zM4 12h4v2H6v5h12v-5h-2v-2h4v8a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1z'
);
