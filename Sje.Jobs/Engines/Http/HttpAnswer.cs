using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Http;

/// <summary>What came back: status, headers, and as much of the body as is kept.</summary>
internal sealed record HttpAnswer
{
    /// <summary>The most bytes of a body that are read; what follows is left on the wire.</summary>
    public const int MaxBody = 256 * 1024;

    private const int MaxHeaders = 16 * 1024;
    private const int Chunk = 16 * 1024;

    public required int Status { get; init; }

    public required string Reason { get; init; }

    public required JsonObject Headers { get; init; }

    /// <summary>Bytes read of the body.</summary>
    public required int Length { get; init; }

    /// <summary>Whether the body goes on after what was read.</summary>
    public required bool Truncated { get; init; }

    /// <summary>The body as text; null when it is none.</summary>
    public string? Text { get; init; }

    /// <summary>Whether the body says that it is JSON.</summary>
    public required bool SaysJson { get; init; }

    /// <summary>When the other side wants to be asked again, from now.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The body as JSON.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public JsonNode? ParseJson() =>
        Truncated ? throw new JsonException($"It is longer than {Sizes.Text(MaxBody)}, of which no more is read.")
        : Text is null ? throw new JsonException("It is no text.")
        : TaskJson.Parse(Text);

    /// <summary>Reads an answer up to its end or its bound.</summary>
    public static async Task<HttpAnswer> ReadAsync(
        HttpResponseMessage response,
        TimeProvider clock,
        CancellationToken stop
    )
    {
        using var body = new MemoryStream();
        var truncated = await ReadBodyAsync(response.Content, body, stop);
        var type = response.Content.Headers.ContentType;
        return new HttpAnswer
        {
            Status = (int)response.StatusCode,
            Reason = response.ReasonPhrase ?? "",
            Headers = HeadersOf(response),
            Length = (int)body.Length,
            Truncated = truncated,
            Text = Decode(body, type?.CharSet, truncated),
            SaysJson =
                type?.MediaType is { } media
                && (
                    media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                    || media.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
                ),
            RetryAfter = response.Headers.RetryAfter is { } after
                ? after.Delta ?? after.Date - clock.GetUtcNow()
                : null,
        };
    }

    private static async Task<bool> ReadBodyAsync(HttpContent content, MemoryStream body, CancellationToken stop)
    {
        await using var stream = await content.ReadAsStreamAsync(stop);
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(0, Chunk), stop);
                var room = MaxBody - (int)body.Length;
                body.Write(buffer, 0, Math.Min(read, room));
                if (read == 0 || read > room)
                {
                    return read > room;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string? Decode(MemoryStream body, string? charset, bool truncated)
    {
        var bytes = body.GetBuffer().AsSpan(0, (int)body.Length);
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        try
        {
            var encoding = Encoding.GetEncoding(
                charset?.Trim('"') ?? "utf-8",
                EncoderFallback.ExceptionFallback,
                DecoderFallback.ExceptionFallback
            );
            // A cut may go through the middle of a character, which the decoder keeps back without complaint unless it is told to flush.
            var decoder = encoding.GetDecoder();
            var characters = new char[encoding.GetMaxCharCount(bytes.Length)];
            var length = decoder.GetChars(bytes, characters, flush: !truncated);
            var text = new string(characters, 0, length);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (Exception e) when (e is ArgumentException or DecoderFallbackException)
        {
            // Bytes that are no text, or in a code that nobody here knows.
            return null;
        }
    }

    private static JsonObject HeadersOf(HttpResponseMessage response)
    {
        var headers = new JsonObject();
        var room = MaxHeaders;
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            // A session of somebody's; outputs are for all to see.
            if (name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var value = string.Join(", ", values);
            room -= name.Length + value.Length;
            if (room < 0)
            {
                break;
            }

            headers[name.ToLowerInvariant()] = value;
        }

        return headers;
    }
}
