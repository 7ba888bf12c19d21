using System.Globalization;

namespace Sje.Tests.Chaos.Storm;

/// <summary>
/// The short form of <c>./sje chaos --minutes N --seed S</c>. <c>SJE_TEST_SEED</c> repeats a run's choices, <c>SJE_TEST_STORM_SECONDS</c> makes it longer.
/// </summary>
[Collection(Alone.Name)]
public sealed class StormTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_dies_or_stands_still_no_work_is_lost_or_done_twice_no_limit_breaks_and_both_views_agree()
    {
        var report = await StormRun.RunAsync(
            Number("SJE_TEST_SEED") ?? Random.Shared.Next(),
            TimeSpan.FromSeconds(Number("SJE_TEST_STORM_SECONDS") ?? 40),
            output.WriteLine,
            TestContext.Current.CancellationToken
        );

        output.WriteLine(report.Line);
        Assert.True(report.Clean, $"{report.Line}\n{string.Join('\n', report.Findings.Take(20))}");
        Assert.True(report.Faults > 10, report.Line);
        Assert.True(report.Tasks > 20, report.Line);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
