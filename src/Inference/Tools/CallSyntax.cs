using System.Text;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Inference.Tools;

/// <summary>How a family of models writes a call.</summary>
internal enum CallShape
{
    /// <summary>One object for each call, with a mark before it (Hermes, Qwen) or without any mark (Llama 3).</summary>
    Objects = 1,

    /// <summary>One list of objects after a mark (Mistral).</summary>
    List = 2,

    /// <summary>Mark, name, mark, arguments (Mistral, later versions).</summary>
    Named = 3,
}

/// <summary>
/// How a model writes calls of functions. Reading is lenient about white space; what is written, and what an answer is held to, has the
/// white space that the model was trained on.
/// </summary>
/// <param name="Open">The mark before a call, or before the list; empty where none is needed.</param>
/// <param name="Close">The mark after a call; empty for none.</param>
/// <param name="ArgumentsKey">Key of the arguments in a call's object.</param>
internal sealed record CallSyntax(CallShape Shape, string Open, string Close, string ArgumentsKey)
{
    /// <summary>A mark that may stand before a call in models that need none.</summary>
    public const string PythonTag = "<|python_tag|>";

    /// <summary>Stands before the arguments of <see cref="CallShape.Named"/>.</summary>
    public const string ArgumentsMark = "[ARGS]";

    /// <summary>Stands before an id of <see cref="CallShape.Named"/>, which a model may write after the name.</summary>
    public const string IdMark = "[CALL_ID]";

    /// <summary>Keys that models write before the arguments of a call.</summary>
    public static readonly string[] ArgumentsKeys = ["arguments", "parameters"];

    /// <summary>Objects after <c>&lt;tool_call&gt;</c>.</summary>
    public static readonly CallSyntax Hermes = new(CallShape.Objects, "<tool_call>", "</tool_call>", "arguments")
    {
        Before = "<tool_call>\n{\"name\": \"",
        Between = "\", \"arguments\": ",
        After = "}\n</tool_call>",
    };

    /// <summary>Plain JSON: what a model is asked for whose template knows no functions.</summary>
    public static readonly CallSyntax Generic = new(CallShape.Objects, "", "", "arguments")
    {
        Before = "{\"name\": \"",
        Between = "\", \"arguments\": ",
        After = "}",
    };

    /// <summary>A list after <c>[TOOL_CALLS]</c>.</summary>
    public static readonly CallSyntax Mistral = new(CallShape.List, "[TOOL_CALLS]", "", "arguments")
    {
        Start = "[TOOL_CALLS] [",
        Before = "{\"name\": \"",
        Between = "\", \"arguments\": ",
        After = "}",
        Separator = ", ",
        End = "]",
    };

    /// <summary>Written before the first call.</summary>
    public string Start { get; init; } = "";

    /// <summary>Written before a call's name.</summary>
    public required string Before { get; init; }

    /// <summary>Written between a call's name and its arguments.</summary>
    public required string Between { get; init; }

    /// <summary>Written after a call's arguments.</summary>
    public required string After { get; init; }

    /// <summary>Written between two calls.</summary>
    public string Separator { get; init; } = "\n";

    /// <summary>Written after the last call.</summary>
    public string End { get; init; } = "";

    /// <summary>Whether a call needs a mark, so that it can stand anywhere in an answer.</summary>
    public bool IsMarked => Open.Length > 0;

    /// <summary>The texts that are to be read even where they are control tokens of the model.</summary>
    public IEnumerable<string> Marks => Shape == CallShape.Named ? [Open, ArgumentsMark, IdMark]
        : IsMarked ? Close.Length > 0 ? [Open, Close] : [Open] : [PythonTag];

    /// <summary>Whether one token holds the beginning of a call and more, so that it says more of a call than that one begins.</summary>
    /// <param name="token">Its UTF-8 bytes.</param>
    public bool GoesPastBeginning(ReadOnlySpan<byte> token)
    {
        var at = IsMarked ? token.IndexOf(Encoding.UTF8.GetBytes(Open)) : token.IndexOf((byte)'{');
        return at >= 0 && (IsMarked ? token.Length > at + Encoding.UTF8.GetByteCount(Open) : token[at..].IndexOf("\"name\""u8) >= 0);
    }

    /// <summary>Calls as the model writes them.</summary>
    public string Write(IReadOnlyList<ToolCall> calls)
    {
        var text = new StringBuilder(Start);
        for (var i = 0; i < calls.Count; i++)
        {
            text.Append(i == 0 ? "" : Separator).Append(Before).Append(calls[i].Name).Append(Between).Append(calls[i].Arguments)
                .Append(After);
        }

        return text.Append(End).ToString();
    }
}
