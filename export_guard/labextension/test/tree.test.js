import assert from 'node:assert/strict';
import { test } from 'node:test';

import { translator } from '../lib/pure/text.js';
import { build, opened, search, snippet, variable } from '../lib/pure/tree.js';

const t = translator({});
const extracts = [
  {
    name: 'diabetes',
    version: 2,
    title: { en: 'Diabetes cohort', zh: '糖尿病队列' },
    folder: '/data/diabetes',
    tables: [
      {
        name: 'labs',
        title: { en: 'Laboratory', zh: '检验' },
        rows: 1840223,
        columns: [
          { name: 'hba1c', type: 'float64', unit: '%', title: { en: 'Glycated haemoglobin' } },
          { name: 'sex', type: 'category', unit: null, codes: { M: { en: 'male', zh: '男' }, F: 'female' } }
        ]
      },
      { name: 'visits', title: null, rows: null, columns: [] }
    ]
  }
];
const ids = nodes => nodes.flatMap(node => [node.id, ...ids(node.children)]);

test('the tree holds extracts, tables and columns, in the reader\'s language', () => {
  const [extract] = build(extracts, true, t);
  assert.equal(extract.title, '糖尿病队列');
  assert.equal(extract.note, 'version 2');
  assert.equal(extract.children[0].note, '1,840,223 rows');
  assert.equal(extract.children[1].note, '');
  assert.equal(extract.children[0].children[0].note, 'float64, %');
  assert.equal(extract.children[0].children[0].title, 'Glycated haemoglobin');
  assert.deepEqual(extract.children[0].children[1].codes, [
    { code: 'M', meaning: '男' },
    { code: 'F', meaning: 'female' }
  ]);
});

test('a search keeps the way to what it finds, and looks at codes and titles', () => {
  const nodes = build(extracts, true, t);
  assert.deepEqual(ids(search(nodes, 'hba1c')), ['diabetes', 'diabetes/labs', 'diabetes/labs/hba1c']);
  assert.deepEqual(ids(search(nodes, '男')), ['diabetes', 'diabetes/labs', 'diabetes/labs/sex']);
  assert.deepEqual(ids(search(nodes, 'VISITS')), ['diabetes', 'diabetes/visits']);
  assert.deepEqual(search(nodes, 'nothing like it'), []);
  assert.equal(ids(search(nodes, '  ')).length, 5);
});

test('a search opens the way to a column, and no table for its own sake', () => {
  const nodes = build(extracts, false, t);
  assert.deepEqual([...opened(search(nodes, 'hba1c'), 'hba1c')], ['diabetes', 'diabetes/labs']);
  assert.deepEqual([...opened(search(nodes, 'labs'), 'labs')], ['diabetes']);
  assert.deepEqual([...opened(nodes, '')], []);
});

test('a snippet loads the table, whatever it is called', () => {
  assert.equal(
    snippet(extracts[0], extracts[0].tables[0]),
    'import pandas as pd\n\nlabs = pd.read_parquet("/data/diabetes/labs.parquet")'
  );
  assert.match(snippet({ ...extracts[0], folder: '/data/x/' }, { name: 'a"b' }), /"\/data\/x\/a\\"b\.parquet"/);
});

test('a variable is a Python name', () => {
  assert.equal(variable('labs-2024'), 'labs_2024');
  assert.equal(variable('2024'), 'table_2024');
  assert.equal(variable('class'), 'table_class');
  assert.equal(variable('检验'), 'table');
});

test('codes may be a plain list', () => {
  const codes = [1, 2];
  const tables = [{ name: 'a', rows: 1, columns: [{ name: 'b', type: 'int', codes }] }];
  const [extract] = build([{ name: 'x', version: 1, folder: '/data/x', tables }], false, t);
  assert.deepEqual(extract.children[0].children[0].codes, [
    { code: '1', meaning: '' },
    { code: '2', meaning: '' }
  ]);
});
