using System.Buffers.Text;
using System.Globalization;
using System.Text;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;

namespace Sje.Web.Api.Requests;

/// <summary>A page of a list; without a next cursor it is the last.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Parameters that every list takes.</summary>
internal interface IPaged : IQueryParameters
{
    string? Limit { get; }

    string? Cursor { get; }
}

/// <summary>The parameters of a list that takes no others.</summary>
internal sealed record ListQuery([FromQuery(Name = "limit")] string? Limit, [FromQuery(Name = "cursor")] string? Cursor)
    : IPaged;

internal sealed class ListQueryValidator : AbstractValidator<ListQuery>
{
    public ListQueryValidator() => Include(new PagedValidator());
}

internal sealed class PagedValidator : AbstractValidator<IPaged>
{
    public PagedValidator()
    {
        RuleFor(q => q.Limit)
            .Must(limit => Paging.TryReadLimit(limit, out _))
            .WithMessage($"The limit is a whole number from 1 to {Paging.MaxLimit}.")
            .WithErrorCode("invalid_value");
        RuleFor(q => q.Cursor)
            .Must(cursor => cursor is null || Paging.TryDecode(cursor, out _))
            .WithMessage("That is no cursor; take one from nextCursor of the page before.")
            .WithErrorCode("invalid_value");
    }
}

/// <summary>Limits and cursors. A cursor is opaque to clients: the key of the last item of the page before.</summary>
internal static class Paging
{
    public const int MaxLimit = 1000;
    private const int DefaultLimit = 50;

    public static int LimitOf(this IPaged query) => TryReadLimit(query.Limit, out var limit) ? limit : DefaultLimit;

    /// <summary>The key that a cursor stands for; null on the first page.</summary>
    public static string? KeyOf(this IPaged query) =>
        query.Cursor is { } cursor && TryDecode(cursor, out var key) ? key : null;

    /// <summary>
    /// Makes a page from up to one item more than asked for: that one tells that there is a next page, and is not shown.
    /// </summary>
    public static Page<TView> ToPage<TItem, TView>(
        this IReadOnlyList<TItem> items,
        int limit,
        Func<TItem, string> key,
        Func<TItem, TView> view
    ) => new([.. items.Take(limit).Select(view)], items.Count > limit ? Encode(key(items[limit - 1])) : null);

    public static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes("c:" + key));

    public static bool TryReadLimit(string? text, out int limit)
    {
        limit = DefaultLimit;
        return text is null
            || (
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit)
                && limit is >= 1 and <= MaxLimit
            );
    }

    public static bool TryDecode(string cursor, out string key)
    {
        key = "";
        if (cursor.Length is 0 or > 1000 || !Base64Url.IsValid(cursor))
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        if (!text.StartsWith("c:", StringComparison.Ordinal) || text.Contains('\0') || text.Contains('\uFFFD'))
        {
            return false;
        }

        key = text[2..];
        return true;
    }
}
