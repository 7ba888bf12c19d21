using Microsoft.AspNetCore.Http.Features;
using Sje.Core.Jobs;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api.Requests;

/// <summary>A request body in memory, or why there is none.</summary>
internal sealed record RequestBytes(ReadOnlyMemory<byte> Bytes, JobFormat Format, bool IsLines, Refusal? Refusal)
{
    /// <summary>The most that is read of any request.</summary>
    public const int MaxBytes = 32 * 1024 * 1024;

    public static readonly string[] JsonTypes = ["application/json"];
    public static readonly string[] DocumentTypes =
    [
        "application/json",
        "application/yaml",
        "text/yaml",
        "application/x-yaml",
    ];
    public static readonly string[] BatchTypes = [.. DocumentTypes, "application/x-ndjson", "application/jsonl"];

    /// <summary>
    /// Other names for these types, and what curl's plain <c>-d</c> says: let in by routing (a name it does not know is answered 415 before
    /// anything of ours is asked), not shown in the API's document.
    /// </summary>
    public static readonly string[] Aliases =
    [
        "application/x-www-form-urlencoded",
        "text/json",
        "application/*+json",
        "text/x-yaml",
        "application/ndjson",
        "application/x-jsonlines",
    ];

    /// <summary>Reads the body, which may be of one of the <paramref name="types"/>; without a type it is taken for JSON.</summary>
    public static async ValueTask<RequestBytes> ReadAsync(HttpContext context, string[] types)
    {
        var type = MediaTypeOf(context.Request);
        if (!types.Contains(type))
        {
            return Refused(
                new Refusal(
                    ProblemKind.UnsupportedMediaType,
                    $"'{type}' is not read here; send {string.Join(", ", types)}."
                )
            );
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // We count ourselves. With a limit of its own Kestrel would cut the connection of a client that is still sending, which
            // then never sees the answer; so it reads on for some seconds and throws away.
            limit.MaxRequestBodySize = null;
        }

        if (context.Request.ContentLength > MaxBytes)
        {
            return Refused(TooLarge());
        }

        using var buffer = new MemoryStream((int)(context.Request.ContentLength ?? 0));
        var chunk = new byte[64 * 1024];
        int read;
        while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0)
        {
            if (buffer.Length + read > MaxBytes)
            {
                return Refused(TooLarge());
            }

            buffer.Write(chunk, 0, read);
        }

        var isYaml = type.EndsWith("yaml", StringComparison.Ordinal);
        var isLines = type is "application/x-ndjson" or "application/jsonl";
        return new RequestBytes(
            buffer.GetBuffer().AsMemory(0, (int)buffer.Length),
            isYaml ? JobFormat.Yaml : JobFormat.Json,
            isLines,
            null
        );
    }

    private static string MediaTypeOf(HttpRequest request)
    {
        var type = (request.ContentType ?? "").Split(';')[0].Trim().ToLowerInvariant();
        return type switch
        {
            // What curl -d says unless told otherwise.
            "" or "application/x-www-form-urlencoded" or "text/json" => "application/json",
            "text/x-yaml" => "text/yaml",
            "application/ndjson" or "application/x-jsonlines" => "application/x-ndjson",
            _ when type.EndsWith("+json", StringComparison.Ordinal) => "application/json",
            _ => type,
        };
    }

    private static RequestBytes Refused(Refusal refusal) => new(default, JobFormat.Json, false, refusal);

    private static Refusal TooLarge() => new(ProblemKind.TooLarge, $"A request has at most {MaxBytes:N0} bytes.");
}
