using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sje.Tests.Support;

/// <summary>A span as it was sent; ids in hex, <see cref="Links"/> the traces it is linked with.</summary>
internal sealed record ReceivedSpan(
    string Trace,
    string Id,
    string Parent,
    string Name,
    IReadOnlyDictionary<string, string> Tags,
    IReadOnlyList<string> Links
);

/// <summary>A collector: takes OTLP as protobuf over HTTP, as real ones do, and keeps the spans and the names of the metrics.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpReceiver(WebApplication app) => this.app = app;

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    public ConcurrentDictionary<string, bool> Metrics { get; } = new();

    public string Url => app.Urls.First();

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new OtlpReceiver(app);
        app.MapPost("/v1/traces", context => receiver.TakeAsync(context, receiver.TakeTraces));
        app.MapPost("/v1/metrics", context => receiver.TakeAsync(context, receiver.TakeMetrics));
        await app.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TakeAsync(HttpContext context, Action<ReadOnlyMemory<byte>> take)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        take(body.ToArray());
        context.Response.ContentType = "application/x-protobuf";
    }

    // ExportTraceServiceRequest.resource_spans 1 > scope_spans 2 > spans 2.
    private void TakeTraces(ReadOnlyMemory<byte> request)
    {
        foreach (var span in Below(request, 1, 2, 2))
        {
            var fields = Wire.Read(span).ToList();
            Spans.Enqueue(
                new ReceivedSpan(
                    Hex(fields, 1),
                    Hex(fields, 2),
                    Hex(fields, 4),
                    Text(fields, 5),
                    Attributes(fields.Where(f => f.Number == 9)),
                    [.. fields.Where(f => f.Number == 13).Select(link => Hex([.. Wire.Read(link.Bytes)], 1))]
                )
            );
        }
    }

    // ExportMetricsServiceRequest.resource_metrics 1 > scope_metrics 2 > metrics 2 > name 1.
    private void TakeMetrics(ReadOnlyMemory<byte> request)
    {
        foreach (var metric in Below(request, 1, 2, 2))
        {
            Metrics[Text([.. Wire.Read(metric)], 1)] = true;
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Below(ReadOnlyMemory<byte> message, params int[] path) =>
        path.Aggregate(
            (IEnumerable<ReadOnlyMemory<byte>>)[message],
            (messages, number) =>
                messages.SelectMany(m => Wire.Read(m).Where(f => f.Number == number).Select(f => f.Bytes))
        );

    private static Dictionary<string, string> Attributes(IEnumerable<Wire.Field> attributes) =>
        attributes
            .Select(attribute => Wire.Read(attribute.Bytes).ToList())
            .ToDictionary(
                pair => Text(pair, 1),
                pair =>
                    Wire.Read(pair.First(f => f.Number == 2).Bytes).First() is var value && value.Number == 1
                        ? Encoding.UTF8.GetString(value.Bytes.Span)
                        : value.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)
            );

    private static string Hex(IEnumerable<Wire.Field> fields, int number) =>
        Convert.ToHexStringLower(fields.FirstOrDefault(f => f.Number == number).Bytes.Span);

    private static string Text(IEnumerable<Wire.Field> fields, int number) =>
        Encoding.UTF8.GetString(fields.FirstOrDefault(f => f.Number == number).Bytes.Span);

    /// <summary>The wire format of protocol buffers, as far as it is needed: numbers, fixed numbers, and what has a length.</summary>
    private static class Wire
    {
        public static IEnumerable<Field> Read(ReadOnlyMemory<byte> message)
        {
            for (var at = 0; at < message.Length; )
            {
                var key = Varint(message.Span, ref at);
                var number = (int)(key >> 3);
                switch (key & 7)
                {
                    case 0:
                        yield return new Field(number, Varint(message.Span, ref at), default);
                        break;
                    case 1:
                        at += 8;
                        break;
                    case 2:
                        var length = (int)Varint(message.Span, ref at);
                        yield return new Field(number, 0, message.Slice(at, length));
                        at += length;
                        break;
                    case 5:
                        at += 4;
                        break;
                    default:
                        throw new InvalidDataException($"wire type {key & 7}");
                }
            }
        }

        private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var next = bytes[at++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }

        public readonly record struct Field(int Number, ulong Value, ReadOnlyMemory<byte> Bytes);
    }
}
