import assert from 'node:assert/strict';
import { test } from 'node:test';

import { level, percent, windowOf } from '../lib/pure/budget.js';
import { count, minute, size, title } from '../lib/pure/format.js';
import { portal, staysInside } from '../lib/pure/links.js';
import { asCatalogue, fill, prefersChinese, translator } from '../lib/pure/text.js';

const spent = (bytes, cells) => ({ bytes, limit_bytes: 1000, cells, limit_cells: 100, window_seconds: 86400 });

test('the tighter limit counts, and 100 % is said only when it is reached', () => {
  assert.equal(percent(spent(120, 0)), 12);
  assert.equal(percent(spent(120, 50)), 50);
  assert.equal(percent(spent(999, 0)), 99);
  assert.equal(percent(spent(1, 0)), 1);
  assert.equal(percent(spent(0, 0)), 0);
  assert.equal(percent(spent(2500, 0)), 250);
  assert.equal(percent({ ...spent(5, 5), limit_bytes: 0, limit_cells: 0 }), 0);
});

test('the levels are at 80 % and 100 %', () => {
  assert.deepEqual([79, 80, 99, 100].map(level), ['low', 'near', 'near', 'spent']);
});

test('the window is read in hours where it comes out even', () => {
  assert.deepEqual(windowOf(spent(0, 0)), { unit: 'hours', value: 24 });
  assert.deepEqual(windowOf({ ...spent(0, 0), window_seconds: 5400 }), { unit: 'minutes', value: 90 });
});

test('sizes, counts and times', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 5 * 1024 ** 3].map(size), ['0 B', '1023 B', '1 KiB', '1.5 KiB', '5 GiB']);
  assert.deepEqual([7, 1000, 1840223].map(count), ['7', '1,000', '1,840,223']);
  assert.equal(minute(new Date(2026, 10, 4, 8, 5)), '2026-11-04 08:05');
});

test('a title falls back to the other language, then to the name', () => {
  assert.equal(title({ en: 'Sex', zh: '性别' }, true, 'sex'), '性别');
  assert.equal(title({ en: 'Sex' }, true, 'sex'), 'Sex');
  assert.equal(title(null, true, 'sex'), 'sex');
  assert.equal(title('Sex', false, 'sex'), 'Sex');
});

test('places are filled as the catalogue has them, and nothing of Object is a text', () => {
  assert.equal(fill('{a} of {b} {c}', { a: 1, b: 'x' }), '1 of x {c}');
  const t = translator({ Data: '数据', '{n} rows': '{n} 行' });
  assert.equal(t('Data'), '数据');
  assert.equal(t('{n} rows', { n: 3 }), '3 行');
  assert.equal(t('constructor'), 'constructor');
  assert.equal(t('{toString}', {}), '{toString}');
  assert.deepEqual(asCatalogue({ a: 'b', c: 1 }), { a: 'b' });
  assert.deepEqual(asCatalogue(['a']), {});
});

test('Chinese is preferred where it stands before English', () => {
  assert.ok(prefersChinese(['zh-CN', 'en']));
  assert.ok(prefersChinese(['fr', 'zh-Hant-TW']));
  assert.ok(!prefersChinese(['en-GB', 'zh']));
  assert.ok(!prefersChinese(['de']));
  assert.ok(!prefersChinese([]));
});

test('a link stays inside on its own origin only, and as a page', () => {
  const page = 'https://desk.hospital/user/a/b/lab';
  assert.ok(staysInside('/services/portal/', page));
  assert.ok(staysInside('#heading', page));
  for (const href of [
    'https://example.org/?q=1',
    '//example.org',
    'http://desk.hospital/',
    'https://desk.hospital:8443/',
    'javascript:alert(1)',
    'data:text/html,x',
    'blob:https://desk.hospital/1',
    'mailto:a@example.org',
    'https://'
  ]) {
    assert.ok(!staysInside(href, page), href);
  }
});

test('the portal stands beside the hub', () => {
  assert.equal(portal('/hub/'), '/services/portal/');
  assert.equal(portal('/carrel/hub/'), '/carrel/services/portal/');
  assert.equal(portal(''), '/services/portal/');
});
