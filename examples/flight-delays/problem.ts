import type { ProjectInput } from 'esteira'

/**
 * What is asked, by whom, and what the answer is worth. Everything here is an assumption of the
 * example: a travel company that rebooks and warns passengers, made up to be plausible.
 */
export const problem: ProjectInput['problem'] = {
  statement: 'Two hours before departure, will this flight arrive 15 minutes late or more?',
  type: 'binary-classification',
  target: 'late',
  positiveClass: 1,
  scope:
    'Scheduled passenger flights out of EWR, JFK and LGA. Cancelled and diverted flights count as ' +
    'late. Not tried: how late, and why.',
  stakeholders: [
    {
      name: 'Passenger care',
      role: 'decides by the prediction: warns passengers and holds seats on later connections',
      requirements: [
        'an answer two hours before departure, in under 20 ms, for single flights',
        'a probability that means what it says, so that a plan can be made by it',
      ],
    },
    {
      name: 'Operations control',
      role: 'owns the flight, weather and aircraft feeds',
      requirements: ['nothing that is known only after the prediction may enter a feature'],
    },
    {
      name: 'Finance',
      role: 'owns the value matrix and the costs',
      requirements: ['earn more than warning everybody, and than one rule by hand'],
    },
  ],
  successMetrics: [
    { metric: 'rocAuc', atLeast: 0.7, why: 'ranks late flights well above chance' },
    {
      metric: 'valuePerDecision',
      atLeast: 0,
      why: 'each decision earns money in the mean, after missed delays and false alarms',
    },
  ],
  value: {
    currency: 'USD',
    // A warned delay saves a rebooking at the last minute; a needless warning costs a seat held and
    // some trust; a missed delay costs care, a night's hotel now and then, and a complaint.
    truePositive: 40,
    falsePositive: -12,
    falseNegative: -75,
    trueNegative: 0,
    decisionsPerMonth: 28_000,
    costs: { build: 20_000, runPerMonth: 800 },
    horizonMonths: 12,
  },
  constraints: {
    latencyP99Ms: 20,
    modelSizeMb: 50,
    trainingTime: '10m',
    interpretability: 'preferred',
    budgetPerMonth: 1_000,
  },
  feasibility: {
    minRows: 50_000,
    minMinorityShare: 0.05,
    minMinorityRows: 5_000,
    maxDataAge: '7d',
    requirePositiveRoi: true,
  },
  risks: [
    {
      risk: 'Delays follow weather and seasons: a model of one season is wrong in the next.',
      mitigation: 'Weekly monitors, retraining on performance, drift and every 60 days.',
      severity: 'high',
    },
    {
      risk: 'Feeds arrive late or stop, and features go stale.',
      mitigation: 'Every feature view has a time to live; a stale value becomes a missing one.',
      severity: 'medium',
    },
    {
      risk: 'An aircraft is swapped within the last two hours, and its history with it.',
      mitigation: 'The aircraft is one input of many; the limits in README.md name it.',
      severity: 'low',
    },
  ],
  ethics: {
    affected: 'passengers who are warned, rebooked or left waiting; carriers ranked by lateness',
    considerations: [
      'A needless warning can make a passenger miss a flight that leaves on time: a warning must ' +
        'never say that the flight will not leave.',
      'Regional carriers serve small airports with few alternatives: recall must not be much lower ' +
        'at one airport or for one carrier than for the others.',
      'No personal data of passengers or crews enters.',
    ],
    sensitiveColumns: [],
  },
  regulation: [
    'US DOT 14 CFR Part 234: carriers report on-time performance; a flight counts as late from 15 ' +
      'minutes on, which is where the target comes from.',
    'US DOT 14 CFR 259.8: carriers must tell passengers of known delays; a prediction is no such ' +
      'notice and must not be shown as one.',
  ],
}
