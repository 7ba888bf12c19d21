namespace Sje.Core.Pipelines.Expressions;

/// <summary>What kind of word a token is.</summary>
internal enum TokenKind
{
    End,

    /// <summary>A name or keyword; keywords are told by <see cref="Token.Is"/>, without regard to case.</summary>
    Word,

    /// <summary>A name in double quotes or backticks, never a keyword.</summary>
    QuotedName,
    Integer,
    Long,
    Decimal,
    Double,
    Text,

    /// <summary><c>x'00ff'</c>; the text holds the hex digits.</summary>
    Bytes,

    /// <summary><c>{{ path }}</c>; the text holds the path.</summary>
    Template,
    Symbol,
}

/// <summary>A word of an expression and the character (from 0) it starts at.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Position)
{
    public bool Is(string word) =>
        Kind switch
        {
            TokenKind.Word => string.Equals(Text, word, StringComparison.OrdinalIgnoreCase),
            TokenKind.Symbol => Text == word,
            _ => false,
        };

    public string Describe() =>
        Kind switch
        {
            TokenKind.End => "the end",
            TokenKind.Text => $"'{Text}'",
            _ => $"\"{Text}\"",
        };
}
