using System.Text;
using System.Text.Json;
using Sje.Web.Api.Json;

namespace Sje.Web.Api.Streams;

/// <summary>Says that an endpoint can answer with a stream of events.</summary>
internal sealed class StreamsEvents;

/// <summary>One server-sent event.</summary>
internal sealed record ServerEvent(string? Id, string Kind, object Data);

/// <summary>
/// An answer that goes on until the client leaves, the source ends or the server stops. A comment line every 2 s keeps proxies from
/// closing it, tells a client that is gone, and tells the client that the server is not.
/// </summary>
internal sealed class EventStream(IAsyncEnumerable<ServerEvent?> events) : IResult
{
    public const string MediaType = "text/event-stream";
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);

    /// <summary>Whether a client asked for a stream rather than a document.</summary>
    public static bool IsWanted(HttpRequest request) =>
        request.Headers.Accept.Any(accept => accept?.Contains(MediaType, StringComparison.OrdinalIgnoreCase) == true);

    /// <summary>The id of the last event that a client saw before it lost its connection.</summary>
    public static string? LastEventId(HttpRequest request) =>
        request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } id ? id : null;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        var time = services.GetRequiredService<TimeProvider>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            httpContext.RequestAborted,
            services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping
        );
        var response = httpContext.Response;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";

        await using var source = events.GetAsyncEnumerator(stop.Token);
        Task<bool>? next = null;
        try
        {
            // The first event tells nothing but that the watch has begun; until then a failure can still be a proper answer.
            next = source.MoveNextAsync().AsTask();
            while (true)
            {
                string text;
                try
                {
                    if (!await next.WaitAsync(Heartbeat, time, stop.Token))
                    {
                        return;
                    }

                    text = Format(source.Current);
                    next = source.MoveNextAsync().AsTask();
                }
                catch (TimeoutException) when (!next.IsCompleted)
                {
                    text = ": still here\n\n";
                }

                await response.WriteAsync(text, stop.Token);
                await response.Body.FlushAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client left or the server stops: the ordinary end of a stream.
        }
        finally
        {
            await stop.CancelAsync();
            await EndedAsync(next);
        }
    }

    // An enumerator may not be disposed while it is moving.
    private static async Task EndedAsync(Task<bool>? moving)
    {
        if (moving is not null)
        {
            await moving.ContinueWith(
                _ => { },
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default
            );
        }
    }

    private static string Format(ServerEvent? item)
    {
        if (item is null)
        {
            return ": watching\n\n";
        }

        var text = new StringBuilder();
        if (item.Id is not null)
        {
            text.Append("id: ").Append(item.Id).Append('\n');
        }

        return text.Append("event: ")
            .Append(item.Kind)
            .Append('\n')
            .Append("data: ")
            .Append(JsonSerializer.Serialize(item.Data, ApiJson.Options))
            .Append("\n\n")
            .ToString();
    }
}
