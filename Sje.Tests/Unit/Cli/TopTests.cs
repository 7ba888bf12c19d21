using System.Text.Json.Nodes;
using Sje.Web.Cli;

namespace Sje.Tests.Unit.Cli;

/// <summary><c>sje top</c> without a terminal: what keys lead to, and what a frame holds.</summary>
public sealed class TopTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TopLink Live = new("http://127.0.0.1:8082/", Now.AddSeconds(-1), null);

    [Theory]
    [InlineData(200, 50)]
    [InlineData(120, 30)]
    [InlineData(80, 24)]
    [InlineData(40, 12)]
    [InlineData(20, 8)]
    [InlineData(8, 5)]
    public void A_frame_fits_its_terminal_exactly_whatever_is_shown(int width, int height)
    {
        foreach (var data in new[] { Data(), TopData.Empty })
        {
            foreach (var view in Enum.GetValues<TopView>())
            {
                foreach (var mode in Enum.GetValues<TopMode>())
                {
                    var state = new TopState
                    {
                        View = view,
                        Mode = mode,
                        Filter = mode == TopMode.Filter ? "数据 report" : "",
                        Question = new TopWish(TopDeed.Cancel, view, "id", new string('n', 300)),
                    };

                    var frame = TopScreen.Draw(state, data, Live, width, height, Now, colours: true);

                    Assert.Equal(height, frame.Count);
                    Assert.All(frame, line => Assert.InRange(TopScreen.WidthOf(TopScreen.Plain(line)), 0, width));
                }
            }
        }
    }

    [Fact]
    public void Any_key_ends_the_list_of_keys_and_q_does_what_it_says_there()
    {
        var help = new TopState { Mode = TopMode.Help };

        var (looks, _) = help.Press(new ConsoleKeyInfo('x', ConsoleKey.X, false, false, false), Data(), Now, 10);
        var (quits, _) = help.Press(new ConsoleKeyInfo('q', ConsoleKey.Q, false, false, false), Data(), Now, 10);

        Assert.Equal((TopMode.Look, false), (looks.Mode, looks.Quits));
        Assert.True(quits.Quits);
    }

    [Fact]
    public void It_shows_figures_rows_states_and_what_the_chosen_one_waits_for()
    {
        var frame = Frame(new TopState());

        Assert.Contains("live", frame[0]);
        Assert.Contains("http://127.0.0.1:8082/", frame[0]);
        Assert.Contains("slots 3/8", frame[1]);
        Assert.Contains("1,234 queued", frame[1]);
        Assert.Contains("[1 Executions 3]", frame[2]);
        Assert.Matches("late-departures +running", frame[4]);
        Assert.Contains("#####.....  50%", frame[4]);
        Assert.Contains("1m30s", frame[4]);
        Assert.Matches("reports +retrying", frame[5]);
        Assert.Contains("2/3", frame[5]);
        Assert.Contains("reads 3 of 6 files", frame[^2]);
    }

    [Fact]
    public void Columns_give_way_in_a_narrow_terminal_and_the_name_stays()
    {
        var wide = Frame(new TopState(), 160);
        var narrow = Frame(new TopState(), 44);

        Assert.Contains("WORKER", wide[3]);
        Assert.DoesNotContain("WORKER", narrow[3]);
        Assert.Contains("NAME", narrow[3]);
        Assert.Contains("STATE", narrow[3]);
        Assert.Contains("TIME", narrow[3]);
    }

    [Fact]
    public void Names_from_jobs_cannot_move_the_cursor()
    {
        var data = Data("\e[2Jgone\r\nline\u202e");

        var frame = TopScreen.Draw(new TopState(), data, Live, 120, 20, Now, colours: false);

        Assert.Contains(frame, line => line.Contains("[2Jgone", StringComparison.Ordinal));
        Assert.DoesNotContain(frame, line => line.Any(letter => char.IsControl(letter) || letter == '\u202e'));
    }

    [Fact]
    public void Without_an_answer_it_says_so_and_keeps_the_figures()
    {
        var link = Live with { ReadAt = Now.AddSeconds(-75), Trouble = "No server answers" };

        var frame = TopScreen.Draw(new TopState(), Data(), link, 120, 20, Now, colours: false);

        Assert.Contains("no answer, figures of 1m15s ago", frame[0]);
        Assert.Contains(frame, line => line.Contains("late-departures", StringComparison.Ordinal));
    }

    [Fact]
    public void Keys_walk_sort_and_filter_and_the_chosen_row_stays_chosen()
    {
        var data = Data();
        var state = Press(new TopState(), data, ConsoleKey.DownArrow);
        Assert.Equal("0002", state.Selected);
        Assert.Equal("0003", Press(state, data, ConsoleKey.End).Selected);
        Assert.Equal("0001", Press(Press(state, data, ConsoleKey.End), data, ConsoleKey.PageUp).Selected);

        // By name: the second column.
        state = Press(Press(state, data, ConsoleKey.Tab), data, ConsoleKey.Tab);
        Assert.Equal(["0001", "0002", "0003"], state.Rows(data, Now).Select(row => row.Id));
        state = Type(state, data, "r");
        Assert.Equal(["0003", "0002", "0001"], state.Rows(data, Now).Select(row => row.Id));
        Assert.Equal("0002", state.Selected);
        Assert.Equal(1, state.IndexIn(state.Rows(data, Now)));
        Assert.Contains("NAMEv", Frame(state)[3]);

        state = Type(state, data, "/REPORT");
        Assert.Equal("0002", Assert.Single(state.Rows(data, Now)).Id);
        // Letters are the filter's now, q among them.
        state = Type(state, data, "q");
        Assert.False(state.Quits);
        Assert.Empty(state.Rows(data, Now));
        Assert.Contains("nothing matches", string.Join('\n', Frame(state)));
        state = Press(state, data, ConsoleKey.Escape);
        Assert.Equal(3, state.Rows(data, Now).Count);
        Assert.True(Type(state, data, "q").Quits);
    }

    [Fact]
    public void Rows_without_a_value_come_last_either_way_and_numbers_fall_from_the_largest()
    {
        var data = Data();
        var progress = TopColumns.Of(TopView.Executions).ToList().FindIndex(column => column.Heading == "PROGRESS");
        var state = new TopState { SortedBy = new Dictionary<TopView, int> { [TopView.Executions] = progress } };

        Assert.Equal(["0001", "0002", "0003"], state.Rows(data, Now).Select(row => row.Id));
        Assert.Equal(["0002", "0001", "0003"], (state with { Reversed = true }).Rows(data, Now).Select(row => row.Id));
    }

    [Fact]
    public void A_cancel_is_asked_about_by_name_and_only_y_does_it()
    {
        var data = Data();
        var asked = Type(new TopState(), data, "c");
        Assert.Equal(TopMode.Confirm, asked.Mode);
        Assert.Contains("y does it: cancel late-departures (0001)", Frame(asked)[^1]);

        var (refused, nothing) = asked.Press(Letter('n'), data, Now, 10);
        Assert.Null(nothing);
        Assert.Equal(TopMode.Look, refused.Mode);
        var (_, wish) = asked.Press(Letter('y'), data, Now, 10);
        Assert.Equal(new TopWish(TopDeed.Cancel, TopView.Executions, "0001", "late-departures"), wish);

        // Of a task its execution.
        var task = Type(new TopState { View = TopView.Tasks }, data, "c");
        Assert.Equal(("0001", "late-departures"), (task.Question!.Id, task.Question.Name));
        Assert.Contains("choose one", Type(new TopState { View = TopView.Queues }, data, "c").Message);
    }

    [Fact]
    public void Queues_and_workers_are_paused_and_resumed_by_one_key()
    {
        var data = Data();
        var (_, pause) = new TopState { View = TopView.Workers }.Press(Letter('p'), data, Now, 10);
        Assert.Equal((TopDeed.Pause, "w-1"), (pause!.Deed, pause.Id));
        var (_, resume) = (new TopState { View = TopView.Queues, Selected = "etl" }).Press(Letter('p'), data, Now, 10);
        Assert.Equal((TopDeed.Resume, "etl"), (resume!.Deed, resume.Id));
        Assert.NotNull(Type(new TopState(), data, "p").Message);
    }

    [Fact]
    public void Only_lines_that_changed_are_written()
    {
        Assert.Equal("\e[2;1Hc\e[0m\e[K", TopTerminal.Changes(["a", "b"], ["a", "c"], 5));
        Assert.Equal("", TopTerminal.Changes(["a", "b"], ["a", "b"], 5));
        Assert.StartsWith("\e[2J\e[1;1Ha", TopTerminal.Changes(null, ["a", "b"], 5));
        // The last letter of a full line stays.
        Assert.Equal("\e[1;1Hfull!\e[0m", TopTerminal.Changes(["a"], ["full!"], 5));
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(59, "59s")]
    [InlineData(64, "1m04s")]
    [InlineData(11_520, "3h12m")]
    [InlineData(180_000, "2d02h")]
    public void Lengths_of_time_are_said_in_two_units(int seconds, string text) =>
        Assert.Equal(text, TopColumns.Span(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_batch_of_lines_is_told_from_one_document()
    {
        Assert.True(BatchCommand.IsLines("{\"a\": 1}\n{\"b\": 2}\n"u8.ToArray()));
        Assert.False(BatchCommand.IsLines("{\"a\": 1}"u8.ToArray()));
        Assert.False(BatchCommand.IsLines("{\n\"a\": {}\n}"u8.ToArray()));
        Assert.False(BatchCommand.IsLines("[\n{}\n]"u8.ToArray()));
    }

    private static IReadOnlyList<string> Frame(TopState state, int width = 120) =>
        TopScreen.Draw(state, Data(), Live, width, 20, Now, colours: false);

    private static TopState Press(TopState state, TopData data, ConsoleKey key) =>
        state.Press(new ConsoleKeyInfo('\0', key, false, false, false), data, Now, 10).Next;

    private static TopState Type(TopState state, TopData data, string letters) =>
        letters.Aggregate(state, (before, letter) => before.Press(Letter(letter), data, Now, 10).Next);

    private static ConsoleKeyInfo Letter(char letter) => new(letter, default, false, false, false);

    private static TopData Data(string firstName = "late-departures") =>
        TopData.Read(
            new JsonObject
            {
                ["items"] = new JsonArray
                {
                    new JsonObject
                    {
                        ["id"] = "0001",
                        ["name"] = firstName,
                        ["state"] = "running",
                        ["retrying"] = false,
                        ["progress"] = 0.5,
                        ["attempt"] = 1,
                        ["maxAttempts"] = 3,
                        ["queue"] = "default",
                        ["worker"] = "w",
                        ["reason"] = "reads 3 of 6 files",
                        ["startedAt"] = "2026-03-01T11:58:30Z",
                    },
                    new JsonObject
                    {
                        ["id"] = "0002",
                        ["name"] = "reports",
                        ["state"] = "running",
                        ["retrying"] = true,
                        ["progress"] = 0.25,
                        ["attempt"] = 2,
                        ["maxAttempts"] = 3,
                        ["startedAt"] = "2026-03-01T09:00:00Z",
                    },
                },
                ["counts"] = new JsonObject
                {
                    ["running"] = 2,
                    ["queued"] = 1234,
                    ["retrying"] = 1,
                },
            },
            new JsonObject
            {
                ["items"] = new JsonArray
                {
                    new JsonObject
                    {
                        ["id"] = "0003",
                        ["name"] = "waits",
                        ["state"] = "queued",
                        ["acceptedAt"] = "2026-03-01T11:59:00Z",
                    },
                },
            },
            new JsonObject
            {
                ["items"] = new JsonArray
                {
                    new JsonObject { ["name"] = "default", ["queued"] = 7 },
                    new JsonObject { ["name"] = "etl", ["pausedAt"] = "2026-03-01T11:00:00Z" },
                },
            },
            new JsonObject
            {
                ["items"] = new JsonArray
                {
                    new JsonObject
                    {
                        ["id"] = "w-1",
                        ["name"] = "w",
                        ["condition"] = "alive",
                        ["running"] = 3,
                        ["slots"] = 8,
                        ["currentTasks"] = new JsonArray
                        {
                            new JsonObject
                            {
                                ["executionId"] = "0001",
                                ["execution"] = "late-departures",
                                ["taskId"] = "t-1",
                                ["task"] = "main",
                            },
                        },
                    },
                },
            }
        );
}
