/**
 * Passed, failed and skipped tests of vitest's JSON report. A file that could not be loaded, or whose hooks failed, has no failed test of its own: it
 * counts as one, or a suite that does not even begin would look better than one that fails.
 */
export function countVitest({ numPassedTests, numFailedTests, numPendingTests, testResults }) {
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((result) => result.status === "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped: numPendingTests };
}
