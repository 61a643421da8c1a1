/** What may go wrong on a page without failing its test, and why. Anything else does. */

/** @typedef {{ call: RegExp, why: string }} Excuse `call` is "STATUS METHOD ADDRESS", the address without the server's */

/** Calls that may fail. @type {Excuse[]} */
export const CALLS = [
  {
    call: /^404 GET ajax-api\/2\.0\/mlflow\/users\/current$/,
    why: "The page asks who has logged in; without logins MLflow's own server answers the same.",
  },
  {
    call: /^404 GET ajax-api\/2\.0\/mlflow\/experiments\/get-by-name$/,
    why: "Before it creates an experiment the page asks whether the name is free.",
  },
  {
    call: /^501 POST ajax-api\/3\.0\/mlflow\/review-queues\/get-or-create-user$/,
    why: "Review queues hold traces, which there are none of: there is no queue to create.",
  },
  {
    call: /^blocked GET https:\/\/mlflow\.org\/docs\//,
    why: "The empty page of traces shows a film from MLflow's site; tests reach no other host.",
  },
];

/** Console errors that are no fault. @type {{ text: RegExp, why: string }[]} */
export const MESSAGES = [
  {
    text: /^Failed to load resource/,
    why: "The browser's line for a failed call, each of which is judged as a call.",
  },
  {
    text: /ResizeObserver loop completed with undelivered notifications/,
    why: "The browser puts off a layout by a frame; MLflow's page does so on any server.",
  },
];
