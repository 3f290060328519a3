import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DEFAULT_LIMITS, copyLimit, isCodeFile, mayCopy, refusal, usable } from '../lib/pure/limits.js';

const limits = { copy_chars: 200, paste_chars: 20000 };
const picked = (chars, pictures = false) => ({ chars, pictures });

test('a short selection of what is shown may be copied, a longer one not', () => {
  assert.ok(mayCopy(picked(200), 'shown', limits));
  assert.ok(!mayCopy(picked(201), 'shown', limits));
});

test('code may be copied up to the size of a paste', () => {
  assert.ok(mayCopy(picked(20000), 'code', limits));
  assert.ok(!mayCopy(picked(20001), 'code', limits));
});

test('a picture is never copied, however short the text around it', () => {
  assert.ok(!mayCopy(picked(0, true), 'shown', limits));
  assert.ok(!mayCopy(picked(3, true), 'code', limits));
});

test('code is never held shorter than what is shown', () => {
  assert.equal(copyLimit('code', { copy_chars: 500, paste_chars: 100 }), 500);
});

test('a paste beyond its size and any file are refused', () => {
  assert.equal(refusal({ chars: 20000, files: 0 }, limits), null);
  assert.equal(refusal({ chars: 20001, files: 0 }, limits), 'text');
  assert.equal(refusal({ chars: 0, files: 1 }, limits), 'files');
});

test('limits that make no sense give way to the defaults', () => {
  assert.deepEqual(usable(undefined), DEFAULT_LIMITS);
  assert.deepEqual(usable({ copy_chars: -1, paste_chars: 'all' }), DEFAULT_LIMITS);
  assert.deepEqual(usable({ copy_chars: 0, paste_chars: 10 }), { copy_chars: 0, paste_chars: 10 });
});

test('a table opened as text is not code', () => {
  for (const path of ['a.py', 'dir/B.R', 'q.SQL', 'notes.md']) {
    assert.ok(isCodeFile(path), path);
  }
  for (const path of ['patients.csv', 'a.json', 'a.py.csv', 'a.ipynb', 'log.txt', 'py']) {
    assert.ok(!isCodeFile(path), path);
  }
});
