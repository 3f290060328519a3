import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isDead } from '../lib/pure/dead.js';

test('ways out and in are closed, also those nobody has named yet', () => {
  for (const id of [
    'filebrowser:download',
    'docmanager:download',
    'notebook:export-to-format',
    'notebook:copy-to-clipboard',
    'filebrowser:open-url',
    'settingeditor:import',
    'terminal:create-new',
    'jupyterlab-share:link',
    'something:upload',
    'something:download-all',
    'viewer:save-and-export',
    'help-menu-python3:Python Reference',
    'help:open'
  ]) {
    assert.ok(isDead(id), id);
  }
});

test('what a desk needs stays', () => {
  for (const id of [
    'notebook:copy-cell',
    'notebook:run-cell',
    'docmanager:save-as',
    'filebrowser:copy-path',
    'filebrowser:duplicate',
    'hub:logout',
    'hub:control-panel',
    'help:about',
    'help-menu-python3:banner',
    'console:create',
    'carrel:ask-for-release',
    'jupyterlab-translation:zh_CN'
  ]) {
    assert.ok(!isDead(id), id);
  }
});
