/** Commands that a desk does not have: what they do is closed, or is answered with 403. */

const DEAD = new Set([
  // Ways out: files, settings and outputs saved or copied by the browser.
  'apputils:license-report',
  'apputils:print',
  'debugger:copy-to-clipboard',
  'docmanager:download',
  'docmanager:open-browser-tab',
  'filebrowser:copy-download-link',
  'filebrowser:download',
  'filebrowser:open-browser-tab',
  'filebrowser:share-main',
  'help:license-report',
  'mathjax:clipboard',
  'mermaid:copy-source',
  'notebook:copy-to-clipboard',
  'notebook:export-to-format',
  'settingeditor:export',
  'workspace-ui:export',
  // Ways in.
  'filebrowser:open-url',
  'settingeditor:import',
  'workspace-ui:import',
  // Outputs are filtered whoever made them, so there is nothing to trust.
  'htmlviewer:trust-html',
  'markdownviewer:trust',
  'notebook:trust',
  // The desk's own running: the image fixes it, the hub starts and ends it.
  'extensionmanager:show-panel',
  'extensionmanager:toggle',
  'filemenu:logout',
  'filemenu:shutdown',
  'jupyterlab-translation:install-languages',
  'pluginmanager:open',
  // Help outside the hospital.
  'help:jupyter-forum',
  'help:open',
  // Says how to reach the browser's own menu, which saves pictures.
  '__internal:context-menu-info'
]);

/** Whatever a later version or another extension brings under these names is closed too. */
const DEAD_NAMES = [
  /^terminal:/,
  /^(extension|plugin)manager:/,
  /^jupyterlab-share:/,
  /[:-](download|upload|export|share)(-|$)/
];

/** A kernel's help links lead outside; what it says about itself does not. */
function isHelpLink(id: string): boolean {
  return id.startsWith('help-menu-') && !id.endsWith(':banner');
}

/** Whether the desk hides and refuses the command `id`. */
export function isDead(id: string): boolean {
  return DEAD.has(id) || isHelpLink(id) || DEAD_NAMES.some(name => name.test(id));
}
