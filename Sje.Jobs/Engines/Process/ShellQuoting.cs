namespace Sje.Jobs.Engines.Process;

/// <summary>
/// Follows the quotes of shell text (POSIX shell, 2.2 and 2.7.4) far enough to know how a variable must be written at the place
/// reached. Safety does not rest on it, see <see cref="ShellScript"/>.
/// </summary>
internal sealed class ShellQuoting
{
    private enum Place
    {
        Plain,
        Single,
        DollarSingle,
        Double,
        Comment,
        Backtick,
        Substitution,
        HereDocument,
    }

    private readonly Stack<Place> places = new([Place.Plain]);
    private readonly Queue<(string Word, bool Quoted, bool StripTabs)> pending = new();
    private readonly System.Text.StringBuilder line = new();
    private bool wordStarts = true;
    private bool escaped;

    /// <summary>Goes on over text.</summary>
    public void Read(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            i += Step(text, i);
        }
    }

    /// <summary>Goes on over a reference, which is part of a word.</summary>
    public void ReadReference()
    {
        wordStarts = false;
        escaped = false;
        if (places.Peek() == Place.HereDocument)
        {
            // A line with a value in it is not the end of the document.
            line.Append('\0');
        }
    }

    /// <summary>The variable as it must be written here.</summary>
    /// <exception cref="FormatException">Nothing written here would be replaced.</exception>
    public string Quote(string variable, string reference) =>
        places.Peek() switch
        {
            Place.Double => variable,
            Place.Single => $"'\"{variable}\"'",
            Place.HereDocument when pending.Peek().Quoted => throw new FormatException(
                $"process.command: '{{{{ {reference} }}}}' stands in a here-document whose end word is quoted, where the shell replaces nothing. Write the word without quotes."
            ),
            Place.HereDocument => variable,
            Place.DollarSingle => $"'\"{variable}\"$'",
            _ => $"\"{variable}\"",
        };

    // Returns how many characters more than one were read.
    private int Step(string text, int i)
    {
        var c = text[i];
        var place = places.Peek();
        if (escaped && place != Place.HereDocument)
        {
            escaped = false;
            wordStarts = false;
            return 0;
        }

        switch (place)
        {
            case Place.Single:
                PopAt('\'', c);
                return 0;
            case Place.DollarSingle:
                escaped = c == '\\';
                PopAt('\'', c);
                return 0;
            case Place.Comment:
                if (c == '\n')
                {
                    places.Pop();
                    LineEnds();
                }

                return 0;
            case Place.HereDocument:
                ReadDocument(c);
                return 0;
            case Place.Double:
                escaped = c == '\\';
                PopAt('"', c);
                return c == '$' ? Dollar(text, i) : Backtick(c);
            default:
                return Unquoted(text, i, place);
        }
    }

    private int Unquoted(string text, int i, Place place)
    {
        var c = text[i];
        var next = i + 1 < text.Length ? text[i + 1] : '\0';
        var wordStarted = wordStarts;
        wordStarts = c is ' ' or '\t' or '\n' or ';' or '&' or '|' or '(' or ')' or '<' or '>';
        switch (c)
        {
            case '\\':
                escaped = true;
                return 0;
            case '\'':
                places.Push(Place.Single);
                return 0;
            case '"':
                places.Push(Place.Double);
                return 0;
            case '#' when wordStarted:
                places.Push(Place.Comment);
                return 0;
            case '$' when next == '\'':
                places.Push(Place.DollarSingle);
                return 1;
            case '$':
                return Dollar(text, i);
            case '(':
                places.Push(Place.Substitution);
                return 0;
            case ')' when place == Place.Substitution:
                places.Pop();
                return 0;
            case '<' when next == '<':
                return HereDocument(text, i);
            case '\n':
                LineEnds();
                return 0;
            default:
                return Backtick(c);
        }
    }

    private int Dollar(string text, int i)
    {
        if (i + 1 < text.Length && text[i + 1] == '(')
        {
            places.Push(Place.Substitution);
            wordStarts = true;
            return 1;
        }

        // ${#x} and $# are no comments.
        wordStarts = false;
        return i + 1 < text.Length && text[i + 1] is '#' ? 1 : 0;
    }

    private int Backtick(char c)
    {
        if (c == '`')
        {
            if (places.Peek() == Place.Backtick)
            {
                places.Pop();
            }
            else
            {
                places.Push(Place.Backtick);
                wordStarts = true;
            }
        }

        return 0;
    }

    // <<word, <<-word, <<'word'; <<<text is none, and << within $(( )) is a shift, but then no word follows at once.
    private int HereDocument(string text, int i)
    {
        var at = i + 2;
        if (at < text.Length && text[at] == '<')
        {
            return 2;
        }

        var stripTabs = at < text.Length && text[at] == '-';
        at += stripTabs ? 1 : 0;
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        var word = new System.Text.StringBuilder();
        var quoted = false;
        for (
            ;
            at < text.Length
                && !char.IsWhiteSpace(text[at])
                && text[at] is not (';' or '&' or '|' or '<' or '>' or '(' or ')');
            at++
        )
        {
            if (text[at] is '\'' or '"' or '\\')
            {
                quoted = true;
            }
            else
            {
                word.Append(text[at]);
            }
        }

        if (word.Length > 0 && !char.IsAsciiDigit(word[0]))
        {
            pending.Enqueue((word.ToString(), quoted, stripTabs));
        }

        return at - i - 1;
    }

    private void LineEnds()
    {
        wordStarts = true;
        if (pending.Count > 0)
        {
            line.Clear();
            places.Push(Place.HereDocument);
        }
    }

    private void ReadDocument(char c)
    {
        if (c != '\n')
        {
            this.line.Append(c);
            return;
        }

        var (word, _, stripTabs) = pending.Peek();
        var line = this.line.ToString();
        this.line.Clear();
        if ((stripTabs ? line.TrimStart('\t') : line) == word)
        {
            pending.Dequeue();
            places.Pop();
            LineEnds();
        }
    }

    private void PopAt(char end, char c)
    {
        if (c == end)
        {
            places.Pop();
            wordStarts = false;
        }
    }
}
