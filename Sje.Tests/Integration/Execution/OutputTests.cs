using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Integration.Execution;

public sealed class OutputTests : IDisposable
{
    private readonly ExecutionBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_million_lines_arrive_whole_and_in_order()
    {
        var start = TimeProvider.System.GetTimestamp();
        Assert.Null((await bench.ShellAsync("seq 1000000")).Error);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;

        var lines = bench.Reporter.Lines(LogStream.Stdout);
        Assert.Equal(1_000_000, lines.Count);
        Assert.Equal(("1", "777777", "1000000"), (lines[0], lines[777_776], lines[^1]));
        // 100,000 a second were asked for; a machine under load gets twice the time.
        Assert.True(seconds < 20, $"it took {seconds:0.0} s");
    }

    [Fact]
    public async Task A_huge_line_comes_in_pieces_that_cut_no_character()
    {
        await bench.Engine.RunAsync(
            bench.Context(new JsonObject { ["command"] = new JsonArray("python3", "-c", "print('x' + 'é' * 100000)") }),
            default
        );

        var lines = bench.Reporter.Lines(LogStream.Stdout);
        Assert.Equal(4, lines.Count);
        Assert.Equal("x" + new string('é', 100_000), string.Concat(lines));
    }

    [Fact]
    public async Task Binary_output_becomes_text_that_can_be_stored()
    {
        Assert.Null(
            (await bench.ShellAsync("head -c 3000000 /dev/urandom; head -c 100000 /dev/zero; echo; echo end")).Error
        );

        var lines = bench.Reporter.Lines(LogStream.Stdout);
        Assert.Equal("end", lines[^1]);
        Assert.DoesNotContain(lines, line => line.Contains('\0', StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_that_is_too_long_is_cut_but_the_task_goes_on()
    {
        using var bench = new ExecutionBench(options => options.MaxLogBytes = 64 * 1024);

        var result = await bench.ShellAsync("seq 100000; echo '::progress 1 done'; echo at the end; exit 1");

        Assert.InRange(bench.Reporter.Lines(LogStream.Stdout).Sum(line => line.Length + 1), 60_000, 64 * 1024);
        Assert.Contains(
            "limit of 64 KiB",
            Assert.Single(bench.Reporter.Lines(LogStream.System)),
            StringComparison.Ordinal
        );
        Assert.Single(bench.Reporter.ProgressReports);
        Assert.EndsWith("at the end", result.Error!.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tail_of_an_error_is_bounded_also_when_its_lines_are_long()
    {
        var error = (
            await bench.ShellAsync("for i in 1 2 3; do head -c 60000 /dev/zero | tr '\\0' $i; echo; done; exit 1")
        ).Error;

        Assert.InRange(error!.LogTail!.Length, 1, 8 * 1024);
        Assert.EndsWith("333", error.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_writes_into_a_closed_pipe_ends_as_it_would_in_a_terminal()
    {
        // The runtime ignores SIGPIPE; a child that inherited that would see an error instead.
        var result = await bench.Engine.RunAsync(
            bench.Context(
                new JsonObject { ["command"] = new JsonArray("bash", "-c", "yes | head -1; echo ${PIPESTATUS[0]}") }
            ),
            default
        );

        Assert.Null(result.Error);
        Assert.Equal(["y", "141"], bench.Reporter.Lines(LogStream.Stdout));
    }
}
