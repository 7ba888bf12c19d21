using Sje.Core.Scheduling;

namespace Sje.Tests.Unit.Scheduling;

/// <summary>What is said of a schedule when clocks change is what it does: the notes are held against its due times.</summary>
public sealed class ClockNoteTests
{
    [Fact]
    public void A_time_that_is_left_out_is_due_when_the_clocks_have_gone_forward_and_the_note_says_so()
    {
        var cron = Read("30 2 * * *");
        var after = new DateTimeOffset(2027, 3, 26, 12, 0, 0, TimeSpan.Zero);

        var note = Assert.Single(cron.ClockNotes(after, after.AddDays(5)));

        Assert.Equal((new DateTimeOffset(2027, 3, 28, 1, 0, 0, TimeSpan.Zero), ClockChange.Gap), (note.At, note.Kind));
        Assert.Equal(
            "On 2027-03-28 clocks go from 02:00 to 03:00, so 02:30 does not exist: it starts at 03:00 instead",
            note.Text
        );
        Assert.Equal(
            ["2027-03-27 01:30", "2027-03-28 01:00", "2027-03-29 00:30"],
            cron.Next(after, 3).Select(due => $"{due.UtcDateTime:yyyy-MM-dd HH:mm}")
        );
        Assert.Contains(Assert.Single(note.DueAt), cron.Next(after, 3));
    }

    [Fact]
    public void A_time_that_comes_twice_is_due_the_first_time_and_the_note_says_so()
    {
        var cron = Read("30 2 * * *");
        var after = new DateTimeOffset(2027, 10, 29, 12, 0, 0, TimeSpan.Zero);

        var note = Assert.Single(cron.ClockNotes(after, after.AddDays(5)));

        Assert.Equal(
            (new DateTimeOffset(2027, 10, 31, 1, 0, 0, TimeSpan.Zero), ClockChange.Overlap),
            (note.At, note.Kind)
        );
        Assert.Equal(
            "On 2027-10-31 clocks go back from 03:00 to 02:00, so 02:30 comes twice: it starts once, the first time",
            note.Text
        );
        Assert.Equal(
            ["2027-10-30 00:30", "2027-10-31 00:30", "2027-11-01 01:30"],
            cron.Next(after, 3).Select(due => $"{due.UtcDateTime:yyyy-MM-dd HH:mm}")
        );
        Assert.Contains(Assert.Single(note.DueAt), cron.Next(after, 3));
    }

    [Fact]
    public void An_interval_goes_on_through_both_hours_and_what_clocks_do_not_touch_has_no_note()
    {
        var autumn = new DateTimeOffset(2027, 10, 30, 12, 0, 0, TimeSpan.Zero);

        var note = Assert.Single(Read("*/30 * * * *").ClockNotes(autumn, autumn.AddDays(2)));

        Assert.EndsWith("it starts both times", note.Text);
        Assert.Equal(4, note.DueAt.Count);
        Assert.Empty(Read("30 12 * * *").ClockNotes(autumn.AddYears(-1), autumn.AddYears(1)));
        Assert.Empty(Read("30 2 * * *", "UTC").ClockNotes(autumn.AddYears(-1), autumn.AddYears(1)));
    }

    [Theory]
    [InlineData("30 25 * * *", 1, "25", 3)]
    [InlineData("  61 2 * * *", 0, "61", 2)]
    [InlineData("0 2 * * funday", 4, "funday", 8)]
    [InlineData("0 0 2 * 13 *", 4, "13", 8)]
    [InlineData("0 2 31 2 *", 2, "31", 4)]
    [InlineData("0 2 * * * * *", 6, "*", 12)]
    [InlineData("@often", 0, "@often", 0)]
    public void A_wrong_line_names_its_wrong_part(string line, int index, string text, int start)
    {
        Assert.False(CronSchedule.TryParse(line, "UTC", out _, out var fault));

        Assert.Equal(new CronBadPart(index, text, start), fault.BadPart);
    }

    [Fact]
    public void A_line_that_is_too_short_is_wrong_as_a_whole()
    {
        Assert.False(CronSchedule.TryParse("0 2", "UTC", out _, out var fault));

        Assert.Null(fault.BadPart);
    }

    private static CronSchedule Read(string line, string zone = "Europe/Berlin") =>
        CronSchedule.TryParse(line, zone, out var cron, out var fault)
            ? cron
            : throw new InvalidOperationException(fault.Detail);
}
