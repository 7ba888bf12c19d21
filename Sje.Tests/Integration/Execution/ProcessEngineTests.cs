using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Integration.Execution;

public sealed class ProcessEngineTests : IDisposable
{
    private readonly ExecutionBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_command_runs_and_its_lines_arrive_by_stream()
    {
        var result = await bench.Engine.RunAsync(
            bench.Context(
                new JsonObject { ["command"] = new JsonArray("sh", "-c", "echo out; echo err >&2; printf last") }
            ),
            default
        );

        Assert.Null(result.Error);
        Assert.Equal(["out", "last"], bench.Reporter.Lines(LogStream.Stdout));
        Assert.Equal(["err"], bench.Reporter.Lines(LogStream.Stderr));
    }

    [Fact]
    public async Task An_exit_code_is_an_error_with_the_last_lines()
    {
        var result = await bench.ShellAsync("for i in $(seq 200); do echo line $i; done; exit 3");

        var error = result.Error;
        Assert.NotNull(error);
        Assert.Equal(("exit_code", 3, null), (error.Class, error.ExitCode, error.Signal));
        Assert.Equal(50, error.LogTail!.Split('\n').Length);
        Assert.EndsWith("line 200", error.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipeline_of_the_shell_fails_with_its_first_failure()
    {
        Assert.Equal("exit_code", (await bench.ShellAsync("false | cat; echo not reached")).Error?.Class);
        Assert.Empty(bench.Reporter.Lines(LogStream.Stdout));
    }

    [Fact]
    public async Task A_signal_is_named()
    {
        var error = (await bench.ShellAsync("kill -SEGV $$")).Error;

        Assert.NotNull(error);
        Assert.Equal(("killed", 139, "SIGSEGV"), (error.Class, error.ExitCode, error.Signal));
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_named()
    {
        var result = await bench.Engine.RunAsync(
            bench.Context(new JsonObject { ["command"] = new JsonArray("no-such-program", "x") }),
            default
        );

        Assert.NotNull(result.Error);
        Assert.Equal(("exit_code", 127), (result.Error.Class, result.Error.ExitCode));
        Assert.Contains("'no-such-program' was not found", result.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exit_code_127_of_the_command_itself_is_not_taken_for_a_missing_command()
    {
        var error = (await bench.ShellAsync("exit 127")).Error;

        Assert.Contains("ended with exit code 127", error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_is_passed_on_standard_input_and_without_it_input_is_empty()
    {
        await bench.Engine.RunAsync(
            bench.Context(new JsonObject { ["command"] = new JsonArray("cat"), ["stdin"] = "one\ntwo é\n" }),
            default
        );
        Assert.Equal(["one", "two é"], bench.Reporter.Lines(LogStream.Stdout));

        Assert.Null((await bench.ShellAsync("cat; echo end of input")).Error);
        Assert.Equal("end of input", bench.Reporter.Lines(LogStream.Stdout)[^1]);
    }

    [Fact]
    public async Task The_environment_holds_what_is_allowed_and_nothing_else_of_the_worker()
    {
        Environment.SetEnvironmentVariable("ConnectionStrings__Sje", "Host=secret;Password=hunter2");
        await bench.Engine.RunAsync(
            bench.Context(
                new JsonObject
                {
                    ["command"] = new JsonArray("env"),
                    ["env"] = new JsonObject { ["OWN"] = "mine", ["SJE_ATTEMPT"] = "99" },
                }
            ),
            default
        );

        var lines = bench.Reporter.Lines(LogStream.Stdout);
        string[] allowed =
        [
            "PATH",
            "HOME",
            "LANG",
            "LC_ALL",
            "TZ",
            "TMPDIR",
            "OWN",
            "SJE_TASK_ID",
            "SJE_EXECUTION_ID",
            "SJE_ATTEMPT",
            "SJE_PARAMETERS",
            "SJE_OUTPUTS",
            "SJE_CHECKPOINT_OUT",
            "SJE_STORAGE_ROOT",
            "PWD",
            "SHLVL",
            "_",
        ];
        Assert.Empty(lines.Select(line => line.Split('=')[0]).Except(allowed));
        Assert.Contains("OWN=mine", lines);
        Assert.Contains("SJE_ATTEMPT=1", lines);
        Assert.Contains($"SJE_TASK_ID={bench.Identity.TaskId}", lines);
        Assert.Contains(lines, line => line.StartsWith($"TMPDIR={bench.AttemptDirectory}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_inherits_no_descriptors_but_the_three()
    {
        await bench.ShellAsync("ls /proc/$$/fd; true");

        Assert.Equal(["0", "1", "2"], bench.Reporter.Lines(LogStream.Stdout));
    }

    [Fact]
    public async Task It_starts_in_the_storage_root_or_below_it_and_nowhere_else()
    {
        Directory.CreateDirectory(Path.Combine(bench.Root, "below"));

        await bench.ShellAsync("pwd");
        await RunIn("below");
        Assert.Equal([bench.Root, Path.Combine(bench.Root, "below")], bench.Reporter.Lines(LogStream.Stdout));

        Assert.Equal("invalid", (await RunIn("../..")).Error?.Class);
        Assert.Equal("error", (await RunIn("missing")).Error?.Class);

        Task<EngineResult> RunIn(string directory) =>
            bench.Engine.RunAsync(
                bench.Context(new JsonObject { ["command"] = "pwd", ["workingDirectory"] = directory }),
                default
            );
    }

    [Fact]
    public async Task Progress_metrics_and_outputs_are_taken_out_of_the_log()
    {
        var result = await bench.ShellAsync(
            """
            echo "::progress 0.42 loading rows"
            echo "::metric rows_in 12345"
            echo "::progress lots"
            echo "::metric 9 9"
            echo "::progress 0.9" >&2
            echo 'rows=12345' >> "$SJE_OUTPUTS"
            echo 'name="x=y"' >> "$SJE_OUTPUTS"
            echo 'bare=word' >> "$SJE_OUTPUTS"
            echo 'nothing' >> "$SJE_OUTPUTS"
            """
        );

        Assert.Null(result.Error);
        Assert.Equal([(0.42, "loading rows")], bench.Reporter.ProgressReports);
        Assert.Equal(12345, bench.Reporter.Metrics["rows_in"]);
        Assert.Equal(["::progress lots", "::metric 9 9"], bench.Reporter.Lines(LogStream.Stdout));
        Assert.Equal(["::progress 0.9"], bench.Reporter.Lines(LogStream.Stderr));
        Assert.Equal("""{"rows":12345,"name":"x=y"}""", result.Outputs.ToJsonString());
        Assert.Equal(2, bench.Reporter.Lines(LogStream.System).Count);
    }

    [Fact]
    public async Task A_printed_value_cannot_become_an_output_and_too_many_outputs_are_left_out()
    {
        var result = await bench.ShellAsync("echo a=1; head -c 2000000 /dev/zero | tr '\\0' 'x' > $SJE_OUTPUTS");

        Assert.Empty(result.Outputs);
        Assert.Contains(
            "larger than 1 MiB",
            Assert.Single(bench.Reporter.Lines(LogStream.System)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_checkpoint_is_reported_while_it_runs_and_the_last_one_after_a_failure()
    {
        bench.Checkpoint = JsonNode.Parse("""{"step":1}""");
        var running = bench.ShellAsync(
            """
            cat "$SJE_CHECKPOINT"; echo
            echo '{"step":2}' > c && mv c "$SJE_CHECKPOINT_OUT"
            while [ ! -e seen ]; do sleep 0.05; done
            echo '{"step":30}' > c && mv c "$SJE_CHECKPOINT_OUT"
            exit 1
            """
        );
        await bench.Reporter.FirstCheckpoint.WaitAsync(TimeSpan.FromSeconds(30));
        await File.WriteAllTextAsync(Path.Combine(bench.Root, "seen"), "");
        Assert.Equal("exit_code", (await running).Error?.Class);
        Assert.Equal(["""{"step":1}"""], bench.Reporter.Lines(LogStream.Stdout));
        Assert.Equal(
            ["""{"step":2}""", """{"step":30}"""],
            bench.Reporter.Checkpoints.Select(checkpoint => checkpoint.ToJsonString())
        );
    }

    [Fact]
    public async Task Parameters_are_in_a_file_and_a_checkpoint_that_is_no_json_is_said_so()
    {
        bench.Scope["parameters"] = new JsonObject { ["day"] = "2026-01-02" };

        Assert.Null(
            (
                await bench.ShellAsync(
                    "cat $SJE_PARAMETERS; echo; echo '{' > $SJE_CHECKPOINT_OUT; echo ${SJE_CHECKPOINT-unset}"
                )
            ).Error
        );

        Assert.Equal(["""{"day":"2026-01-02"}""", "unset"], bench.Reporter.Lines(LogStream.Stdout));
        Assert.Empty(bench.Reporter.Checkpoints);
        Assert.Contains("not JSON", Assert.Single(bench.Reporter.Lines(LogStream.System)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_an_attempt_is_left_when_it_has_ended()
    {
        await bench.ShellAsync(
            "sleep 600 & setsid sleep 601 & (setsid sh -c 'sleep 602 & sleep 603' &) ; echo started"
        );

        Assert.Equal(["started"], bench.Reporter.Lines(LogStream.Stdout));
        Assert.Empty(bench.Survivors());
    }
}
