using Sje.Web.Cli;

namespace Sje.Tests.Unit.Cli;

public sealed class FittedTableTests
{
    private const string Id = "01a219b1-5428-7000-b2ac-952935f47956";
    private const string At = "2026-11-26 21:09:41";

    private static readonly string[] Headings = ["execution", "name", "state", "paused", "accepted", "why"];
    private static readonly string[][] Rows =
    [
        [Id, "a-job-with-a-rather-long-name", "running", "", At, "waits for a free slot of a worker"],
        [Id, "short", "queued", "", At, ""],
    ];

    [Fact]
    public void A_list_that_has_room_is_left_as_it_is()
    {
        var table = FittedTable.Of(Headings, Rows, 200);

        Assert.Equal(Headings, table.Headings);
        Assert.Equal(Rows, table.Rows);
        Assert.Equal(0, table.Left);
    }

    [Theory]
    [InlineData(140)]
    [InlineData(120)]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(60)]
    public void No_line_is_longer_than_the_terminal_is_wide_and_ids_and_instants_are_whole_or_absent(int width)
    {
        var table = FittedTable.Of(Headings, Rows, width);

        Assert.Equal(Id, table.Rows[0][0]);
        Assert.DoesNotContain("paused", table.Headings);
        Assert.All(
            table.Rows,
            row =>
            {
                Assert.InRange(5 + row.Sum(cell => cell.Length + 3) - 3, 0, width);
                Assert.All(
                    row.Where(cell => cell.StartsWith("2026", StringComparison.Ordinal)),
                    at => Assert.Equal(At, at)
                );
            }
        );
        Assert.Equal(5 - table.Headings.Count, table.Left);
    }

    [Fact]
    public void Texts_give_way_first_and_then_columns_from_behind_but_the_reason_last()
    {
        Assert.Equal(["execution", "name", "state", "accepted", "why"], FittedTable.Of(Headings, Rows, 105).Headings);
        Assert.Equal(["execution", "name", "state", "why"], FittedTable.Of(Headings, Rows, 90).Headings);
        Assert.Equal(["execution"], FittedTable.Of(Headings, Rows, 40).Headings);
    }

    [Fact]
    public void A_cut_text_ends_with_a_mark_and_wide_letters_count_twice()
    {
        var table = FittedTable.Of(
            ["id", "name"],
            [
                [Id, "漢字漢字漢字漢字漢字漢字漢字"],
            ],
            36 + 5 + 3 + 11
        );

        Assert.Equal("漢字漢字漢…", table.Rows[0][1]);
    }
}
