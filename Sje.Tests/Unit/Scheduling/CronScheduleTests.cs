using System.Globalization;
using Sje.Core.Scheduling;

namespace Sje.Tests.Unit.Scheduling;

/// <summary>When schedules are due, both changes of the clock in two zones among it.</summary>
public class CronScheduleTests
{
    [Theory]
    // Berlin, 29 March 2026: 02:00 becomes 03:00. What falls into the hour that is not there is due when it is over.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00+01:00", "28 02:30+01", "29 03:00+02", "30 02:30+02")]
    [InlineData("0 2 * * *", "Europe/Berlin", "2026-03-28T00:00+01:00", "28 02:00+01", "29 03:00+02", "30 02:00+02")]
    [InlineData("0 3 * * *", "Europe/Berlin", "2026-03-28T00:00+01:00", "28 03:00+01", "29 03:00+02", "30 03:00+02")]
    [InlineData("*/30 * * * *", "Europe/Berlin", "2026-03-29T01:15+01:00", "29 01:30+01", "29 03:00+02", "29 03:30+02")]
    [InlineData("0 * * * *", "Europe/Berlin", "2026-03-29T00:30+01:00", "29 01:00+01", "29 03:00+02", "29 04:00+02")]
    // Berlin, 25 October 2026: 03:00 becomes 02:00. Fixed times once, intervals through both hours.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+02:00", "25 02:30+02", "26 02:30+01", "27 02:30+01")]
    [InlineData("0 3 * * *", "Europe/Berlin", "2026-10-24T12:00+02:00", "25 03:00+01", "26 03:00+01", "27 03:00+01")]
    [InlineData(
        "*/30 * * * *",
        "Europe/Berlin",
        "2026-10-25T02:15+02:00",
        "25 02:30+02",
        "25 02:00+01",
        "25 02:30+01",
        "25 03:00+01"
    )]
    [InlineData("0 * * * *", "Europe/Berlin", "2026-10-25T01:30+02:00", "25 02:00+02", "25 02:00+01", "25 03:00+01")]
    // New York, 8 March 2026: 02:00 becomes 03:00.
    [InlineData(
        "30 2 * * *",
        "America/New_York",
        "2026-03-07T00:00-05:00",
        "07 02:30-05",
        "08 03:00-04",
        "09 02:30-04"
    )]
    [InlineData(
        "15 * * * *",
        "America/New_York",
        "2026-03-08T00:30-05:00",
        "08 01:15-05",
        "08 03:00-04",
        "08 03:15-04"
    )]
    [InlineData(
        "*/20 2 * * *",
        "America/New_York",
        "2026-03-07T12:00-05:00",
        "08 03:00-04",
        "09 02:00-04",
        "09 02:20-04"
    )]
    // New York, 1 November 2026: 02:00 becomes 01:00.
    [InlineData("30 1 * * *", "America/New_York", "2026-10-31T12:00-04:00", "01 01:30-04", "02 01:30-05")]
    [InlineData(
        "*/30 1 * * *",
        "America/New_York",
        "2026-10-31T12:00-04:00",
        "01 01:00-04",
        "01 01:30-04",
        "01 01:00-05",
        "01 01:30-05",
        "02 01:00-05"
    )]
    [InlineData("0 2 * * *", "America/New_York", "2026-10-31T12:00-04:00", "01 02:00-05", "02 02:00-05")]
    // No zone changes the clock of UTC.
    [InlineData("30 2 * * *", "UTC", "2026-03-29T00:00Z", "29 02:30+00", "30 02:30+00")]
    public void Due_times_come_as_Cronos_documents(string cron, string zone, string after, params string[] expected)
    {
        var schedule = Good(cron, zone);

        var due = schedule.Next(At(after), expected.Length);

        Assert.Equal(expected, due.Select(d => d.ToString("dd HH:mmzz", CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("*/10 * * * * *", "2026-05-01T10:00:05Z", "10:00:10", "10:00:20")]
    [InlineData("@every_second", "2026-05-01T10:00:05Z", "10:00:06", "10:00:07")]
    [InlineData("@hourly", "2026-05-01T10:00:05Z", "11:00:00", "12:00:00")]
    [InlineData("  0   12 *  * MON-FRI ", "2026-05-01T10:00:05Z", "12:00:00")]
    public void Seconds_and_macros_are_understood(string cron, string after, params string[] expected) =>
        Assert.Equal(
            expected,
            Good(cron, "UTC")
                .Next(At(after), expected.Length)
                .Select(d => d.ToString("HH:mm:ss", CultureInfo.InvariantCulture))
        );

    [Theory]
    [InlineData("@daily", "0 0 * * *")]
    [InlineData("@EVERY_SECOND", "* * * * * *")]
    [InlineData(" 5  4 * * * ", "5 4 * * *")]
    public void A_line_can_be_had_in_fields(string cron, string fields) =>
        Assert.Equal(fields, Good(cron, "UTC").FiveFields);

    [Fact]
    public void The_latest_due_time_includes_the_instant_itself()
    {
        var schedule = Good("0 6 * * *", "UTC");

        Assert.Equal(At("2026-05-01T06:00Z"), schedule.Latest(At("2026-05-01T06:00Z")));
        Assert.Equal(At("2026-05-01T06:00Z"), schedule.Latest(At("2026-05-02T05:59:59Z")));
    }

    [Theory]
    [InlineData("* * * *", "UTC", CronPart.Cron, "five fields")]
    [InlineData("", "UTC", CronPart.Cron, "five fields")]
    [InlineData("every day", "UTC", CronPart.Cron, "has 2 fields")]
    [InlineData("61 * * * *", "UTC", CronPart.Cron, "no cron line")]
    [InlineData("0 0 * * FUNDAY", "UTC", CronPart.Cron, "no cron line")]
    [InlineData("H 3 * * *", "UTC", CronPart.Cron, "no cron line")]
    [InlineData("@fortnightly", "UTC", CronPart.Cron, "@weekly")]
    [InlineData("0 0 31 2 *", "UTC", CronPart.Cron, "never comes due")]
    [InlineData("0 0 * * *", "Mars/Olympus", CronPart.TimeZone, "Europe/Berlin")]
    [InlineData("0 0 * * *", "", CronPart.TimeZone, "IANA")]
    [InlineData("0 0 * * *", "Berlin", CronPart.TimeZone, "Did you mean 'Europe/Berlin'?")]
    [InlineData("0 0 * * *", "new york", CronPart.TimeZone, "Did you mean 'America/New_York'?")]
    [InlineData("0 0 * * *", "W. Europe Standard Time", CronPart.TimeZone, "no time zone")]
    [InlineData("0 0 * * *", "../../etc/passwd", CronPart.TimeZone, "no time zone")]
    public void What_is_wrong_is_said_with_what_would_be_right(string cron, string zone, CronPart part, string words)
    {
        Assert.False(CronSchedule.TryParse(cron, zone, out _, out var fault));

        Assert.Equal(part, fault.Part);
        Assert.Contains(words, fault.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_of_any_length_is_answered()
    {
        Assert.False(CronSchedule.TryParse(new string('*', 100_000), "UTC", out _, out var fault));
        Assert.Contains("at most 200 characters", fault.Detail, StringComparison.Ordinal);
        Assert.False(CronSchedule.TryParse("* * * * *", new string('x', 100_000), out _, out fault));
        Assert.True(fault.Detail.Length < 300);
    }

    private static CronSchedule Good(string cron, string zone)
    {
        Assert.True(CronSchedule.TryParse(cron, zone, out var schedule, out var fault), fault?.Detail);
        return schedule;
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
