using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Http;

/// <summary>
/// Makes one request: <c>http: {method, url, headers, body, timeout, expect}</c>. Inside the worker, without a file or a child: thousands
/// can be under way at once. Logs and messages tell addresses without their queries, and no header.
/// </summary>
internal sealed class HttpEngine(HttpConnections connections, TimeProvider clock) : IEngine
{
    private const int LongestTail = 2 * 1024;

    public string Type => "http";

    public EnginePlacement Placement => EnginePlacement.Worker;

    /// <inheritdoc/>
    public bool UsesFiles => false;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        HttpSettings settings;
        try
        {
            settings = HttpSettings.Read(context.Settings, context.Scope);
        }
        catch (Exception e) when (e is TemplateException or FormatException)
        {
            return Failed("invalid", e.Message);
        }

        var what = $"{settings.Method} {HttpAddress.Shown(settings.Url)}";
        var began = clock.GetTimestamp();
        using var limit = new CancellationTokenSource(settings.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
        try
        {
            using var response = await connections.SendAsync(settings, either.Token);
            var answer = await HttpAnswer.ReadAsync(response, clock, either.Token);
            var took = (long)clock.GetElapsedTime(began).TotalMilliseconds;
            Log(
                context,
                $"{what} -> {answer.Status} in {took} ms, {(answer.Truncated ? "more than " : "")}{answer.Length} bytes"
            );
            return Judge(what, settings, answer, took);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            return NoAnswer(
                "timeout",
                limit.IsCancellationRequested
                    ? $"no answer within {DurationText.Format(settings.Timeout)} (http.timeout)"
                    : e.InnerException?.Message ?? e.Message
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return NoAnswer("network", Reasons(e));
        }

        EngineResult NoAnswer(string failure, string why)
        {
            Log(context, $"{what}: {why}, after {(long)clock.GetElapsedTime(began).TotalMilliseconds} ms");
            return Failed(failure, $"{what}: {why}.");
        }
    }

    private static EngineResult Judge(string what, HttpSettings settings, HttpAnswer answer, long took)
    {
        if (!settings.Accepts(answer.Status))
        {
            var expected = settings.Statuses.Count == 0 ? "200-299" : string.Join(", ", settings.Statuses);
            return Failed(
                ClassOf(answer.Status),
                $"{what} answered {answer.Status} {answer.Reason}".TrimEnd() + $"; expected {expected}.",
                answer.Text
            ) with
            {
                RetryAfter = answer.Status is 429 or 503 ? answer.RetryAfter : null,
            };
        }

        JsonNode? body = answer.Text;
        if (answer.SaysJson || settings.Expectations.Count > 0)
        {
            try
            {
                body = answer.ParseJson();
            }
            catch (JsonException e) when (settings.Expectations.Count > 0)
            {
                return Failed(
                    "expectation",
                    $"{what}: expect.jsonPath needs JSON, and the body is none: {e.Message}",
                    answer.Text
                );
            }
            catch (JsonException)
            {
                // It says so and is none, or is too long to be read to its end: then it is text.
            }
        }

        try
        {
            var problems = settings
                .Expectations.Select(expectation => expectation.Problem(body))
                .OfType<string>()
                .ToList();
            if (problems.Count > 0)
            {
                return Failed("expectation", $"{what}: {string.Join(" ", problems)}", answer.Text);
            }
        }
        catch (FormatException e)
        {
            return Failed("invalid", e.Message);
        }

        return new EngineResult
        {
            Outputs = new JsonObject
            {
                ["status"] = answer.Status,
                ["headers"] = answer.Headers,
                ["body"] = body,
                ["truncated"] = answer.Truncated,
                ["durationMs"] = took,
            },
        };
    }

    /// <summary>What may be otherwise next time is tried again; that the request is wrong (400, 401, 404, ...) will not change.</summary>
    private static string ClassOf(int status) =>
        status switch
        {
            408 or 425 or 429 or >= 500 => "http_status",
            >= 400 => "invalid",
            _ => "expectation",
        };

    private static EngineResult Failed(string failure, string message, string? body = null) =>
        new()
        {
            Error = new TaskError(
                failure,
                message,
                LogTail: body is { Length: > LongestTail } ? body[..LongestTail]
                    : body is "" ? null
                    : body
            ),
        };

    private static void Log(EngineContext context, string line) => context.Reporter.Log(LogStream.System, line);

    // "An error occurred while sending the request" tells nothing; what is inside does.
    private static string Reasons(Exception error)
    {
        var innermost = error;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        var kind = error is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and var known }
            ? string.Create(CultureInfo.InvariantCulture, $" ({known})")
            : "";
        return innermost.Message.TrimEnd('.') + kind;
    }
}
