namespace Sje.Tests.Integration.Api;

internal sealed record SseMessage(string? Id, string Event, string Data);

/// <summary>Reads a stream of server-sent events, as a browser would.</summary>
internal sealed class SseClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpResponseMessage answer;
    private readonly StreamReader reader;
    private readonly CancellationTokenSource limit = new(Patience);

    private SseClient(HttpResponseMessage answer, StreamReader reader)
    {
        this.answer = answer;
        this.reader = reader;
    }

    /// <summary>Opens a stream and returns when the server has begun to watch.</summary>
    public static async Task<SseClient> OpenAsync(HttpClient client, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var stream = new SseClient(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
        Assert.Equal(": watching", await stream.reader.ReadLineAsync(stream.limit.Token));
        return stream;
    }

    /// <summary>The next message; null when the server ended the stream.</summary>
    public async Task<SseMessage?> NextAsync()
    {
        string? id = null,
            kind = null,
            data = null;
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            switch (line.Split(": ", 2))
            {
                case ["id", var value]:
                    id = value;
                    break;
                case ["event", var value]:
                    kind = value;
                    break;
                case ["data", var value]:
                    data = value;
                    break;
                case [""] when kind is not null:
                    return new SseMessage(id, kind, data ?? "");
            }
        }

        return null;
    }

    public void Dispose()
    {
        reader.Dispose();
        answer.Dispose();
        limit.Dispose();
    }
}
