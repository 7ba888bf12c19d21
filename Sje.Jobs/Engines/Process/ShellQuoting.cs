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

    private readonly Stack<Place> _places = new([Place.Plain]);
    private readonly Queue<(string Word, bool Quoted, bool StripTabs)> _pending = new();
    private readonly System.Text.StringBuilder _line = new();
    private bool _wordStarts = true;
    private bool _escaped;

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
        _wordStarts = false;
        _escaped = false;
        if (_places.Peek() == Place.HereDocument)
        {
            // A line with a value in it is not the end of the document.
            _line.Append('\0');
        }
    }

    /// <summary>The variable as it must be written here.</summary>
    /// <exception cref="FormatException">Nothing written here would be replaced.</exception>
    public string Quote(string variable, string reference) => _places.Peek() switch
    {
        Place.Double => variable,
        Place.Single => $"'\"{variable}\"'",
        Place.HereDocument when _pending.Peek().Quoted => throw new FormatException(
            $"process.command: '{{{{ {reference} }}}}' stands in a here-document whose end word is quoted, where the shell replaces nothing. Write the word without quotes."),
        Place.HereDocument => variable,
        Place.DollarSingle => $"'\"{variable}\"$'",
        _ => $"\"{variable}\"",
    };

    // Returns how many characters more than one were read.
    private int Step(string text, int i)
    {
        var c = text[i];
        var place = _places.Peek();
        if (_escaped && place != Place.HereDocument)
        {
            _escaped = false;
            _wordStarts = false;
            return 0;
        }

        switch (place)
        {
            case Place.Single:
                PopAt('\'', c);
                return 0;
            case Place.DollarSingle:
                _escaped = c == '\\';
                PopAt('\'', c);
                return 0;
            case Place.Comment:
                if (c == '\n')
                {
                    _places.Pop();
                    LineEnds();
                }

                return 0;
            case Place.HereDocument:
                ReadDocument(c);
                return 0;
            case Place.Double:
                _escaped = c == '\\';
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
        var wordStarted = _wordStarts;
        _wordStarts = c is ' ' or '\t' or '\n' or ';' or '&' or '|' or '(' or ')' or '<' or '>';
        switch (c)
        {
            case '\\':
                _escaped = true;
                return 0;
            case '\'':
                _places.Push(Place.Single);
                return 0;
            case '"':
                _places.Push(Place.Double);
                return 0;
            case '#' when wordStarted:
                _places.Push(Place.Comment);
                return 0;
            case '$' when next == '\'':
                _places.Push(Place.DollarSingle);
                return 1;
            case '$':
                return Dollar(text, i);
            case '(':
                _places.Push(Place.Substitution);
                return 0;
            case ')' when place == Place.Substitution:
                _places.Pop();
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
            _places.Push(Place.Substitution);
            _wordStarts = true;
            return 1;
        }

        // ${#x} and $# are no comments.
        _wordStarts = false;
        return i + 1 < text.Length && text[i + 1] is '#' ? 1 : 0;
    }

    private int Backtick(char c)
    {
        if (c == '`')
        {
            if (_places.Peek() == Place.Backtick)
            {
                _places.Pop();
            }
            else
            {
                _places.Push(Place.Backtick);
                _wordStarts = true;
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
        for (; at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not (';' or '&' or '|' or '<' or '>' or '(' or ')'); at++)
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
            _pending.Enqueue((word.ToString(), quoted, stripTabs));
        }

        return at - i - 1;
    }

    private void LineEnds()
    {
        _wordStarts = true;
        if (_pending.Count > 0)
        {
            _line.Clear();
            _places.Push(Place.HereDocument);
        }
    }

    private void ReadDocument(char c)
    {
        if (c != '\n')
        {
            _line.Append(c);
            return;
        }

        var (word, _, stripTabs) = _pending.Peek();
        var line = _line.ToString();
        _line.Clear();
        if ((stripTabs ? line.TrimStart('\t') : line) == word)
        {
            _pending.Dequeue();
            _places.Pop();
            LineEnds();
        }
    }

    private void PopAt(char end, char c)
    {
        if (c == end)
        {
            _places.Pop();
            _wordStarts = false;
        }
    }
}
