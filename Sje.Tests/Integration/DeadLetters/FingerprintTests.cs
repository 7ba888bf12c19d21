using System.Text.Json.Nodes;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.DeadLetters;

public class FingerprintTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData("order 17 is gone", "order 18 is gone")]
    [InlineData("no file /data/in/a.csv", "no file /data/in/b/c.csv")]
    [InlineData("GET http://10.0.0.1:8080/a/1 answered 503", "GET http://host-7:9/b answered 500")]
    [InlineData("task 0193f1a2-7c1e-7b44-9a55-0123456789ab failed", "task 0193f1a2-0000-7b44-9a55-ba9876543210 failed")]
    [InlineData("commit deadbeef0 is unknown", "commit 01234abcd is unknown")]
    [InlineData("column \"a b\" does not exist", "column \"c\" does not exist")]
    [InlineData("key 'x' is taken", "key 'y z' is taken")]
    [InlineData("took 1.5s of -3e5 at 2026-01-31T12:00:00Z", "took 20ms of 4 at 2025-12-01T00:00:00Z")]
    public async Task Messages_that_differ_in_numbers_ids_paths_and_quotations_look_alike(string one, string other) =>
        Assert.Equal(await OfAsync(Error(one)), await OfAsync(Error(other)));

    [Theory]
    [InlineData("the disk is full", "the disk is empty")]
    [InlineData("cannot read /data/a.csv", "cannot write /data/a.csv")]
    public async Task Messages_that_say_something_else_do_not(string one, string other) =>
        Assert.NotEqual(await OfAsync(Error(one)), await OfAsync(Error(other)));

    [Fact]
    public async Task Class_exit_code_signal_exception_type_and_job_tell_failures_apart()
    {
        string[] all =
        [
            await OfAsync(Error("x")),
            await OfAsync(Error("x", ("class", "network"))),
            await OfAsync(Error("x", ("exitCode", 1))),
            await OfAsync(Error("x", ("exitCode", 2))),
            await OfAsync(Error("x", ("signal", "SIGKILL"))),
            await OfAsync(Error("x", ("exception", "System.IO.IOException"))),
            await OfAsync(Error("x", ("logTail", "Traceback:\nValueError: bad row 17"))),
            await OfAsync(Error("x", ("logTail", "Traceback:\nKeyError: 17"))),
            await OfAsync(Error("x"), type: "http"),
            await OfAsync(Error("x"), job: "another"),
            await OfAsync(Error("x"), state: "timed_out", reason: "queued timeout"),
            await OfAsync(Error("x"), state: "timed_out", reason: "total timeout"),
        ];

        Assert.Distinct(all);
        Assert.All(all, fingerprint => Assert.Matches("^[a-z_]+-[0-9a-f]{16}$", fingerprint));
        Assert.StartsWith("network-", all[1]);
        Assert.StartsWith("timeout-", all[^1]);
    }

    [Fact]
    public async Task Jobs_named_with_a_number_or_a_day_look_alike()
    {
        Assert.Equal(
            await OfAsync(Error("x"), job: "report-2026-01-31"),
            await OfAsync(Error("x"), job: "report-2025-12-01")
        );
        Assert.Equal(
            await OfAsync(Error("x", ("logTail", "ValueError: 1"))),
            await OfAsync(Error("x", ("logTail", "some words first\nValueError: 2")))
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("""{"class": "", "message": null}""")]
    [InlineData("""{"class": 7, "message": {"a": 1}, "exitCode": "x", "logTail": 3}""")]
    [InlineData("""{"class": "Strange Class!", "message": "'\"`(/[:é"}""")]
    public async Task An_error_of_any_shape_has_one(string? json) =>
        Assert.Matches("^[a-z0-9_]+-[0-9a-f]{16}$", await OfAsync(json));

    private static string Error(string message, params (string Key, JsonNode Value)[] more)
    {
        var error = new JsonObject { ["class"] = "error", ["message"] = message };
        foreach (var (key, value) in more)
        {
            error[key] = value;
        }

        return error.ToJsonString();
    }

    private async Task<string> OfAsync(
        string? error,
        string job = "test",
        string type = "process",
        string state = "failed",
        string? reason = null
    ) =>
        await db.ScalarAsync<string>(
            "select sje.fingerprint($1, $2, $3, $4, $5::jsonb)",
            job,
            type,
            state,
            reason ?? (object)DBNull.Value,
            error ?? (object)DBNull.Value
        ) ?? "";
}
