export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}
export function countVitest(report: VitestReport): { passed: number; failed: number; skipped: number };
