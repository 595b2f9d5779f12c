using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Models;
using Tollgate.Inference.Templates;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Prompts;

/// <summary>Turns messages into the ids that a chat model reads, up to where its answer begins. Thread-safe.</summary>
internal sealed class ChatPrompt
{
    private const string Developer = "developer";
    private const string System = "system";
    private const string ThinkMark = "<think>";

    private readonly ChatTemplate _template;
    private readonly ModelTokenizer _marks;
    private readonly bool _readsDeveloper;

    private ChatPrompt(ChatTemplate template, TemplateLiterals literals, ITokenizer tokenizer, ModelTokenizer marks)
    {
        (_template, Literals, Tokenizer, _marks) = (template, literals, tokenizer, marks);
        _readsDeveloper = ReadsDeveloper();
        Tools = new ToolFormProbe(TryRender).Find();
        OpensThinking = TryRender([new("user", "x")], [])?.TrimEnd().EndsWith(ThinkMark, StringComparison.Ordinal) == true;
    }

    public ITokenizer Tokenizer { get; }

    public TemplateLiterals Literals { get; }

    /// <summary>How functions and calls are written.</summary>
    public ToolForm Tools { get; }

    /// <summary>Whether the prompt ends with the mark that begins the model's thinking, so that the answer begins inside it.</summary>
    public bool OpensThinking { get; }

    /// <param name="marks">Texts of the tokens that begin and end a text.</param>
    /// <exception cref="ModelImportException">The template is malformed or uses what is not supported.</exception>
    public static ChatPrompt Create(string source, ITokenizer tokenizer, ModelTokenizer marks, TimeProvider clock)
    {
        try
        {
            return new ChatPrompt(ChatTemplate.Parse(source, clock), TemplateLiterals.Read(source), tokenizer, marks);
        }
        catch (TemplateException exception)
        {
            throw new ModelImportException($"The chat template cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Ids of a chat. The text of a message never becomes a control token. A message of role <c>developer</c> is the system message that it
    /// replaces, unless the template itself knows the role.
    /// </summary>
    /// <exception cref="TemplateException">The template fails, or refuses these messages.</exception>
    /// <exception cref="OperationCanceledException">The caller does not want the result any more.</exception>
    public List<int> Encode(IReadOnlyList<TemplateMessage> messages, CancellationToken cancellationToken = default) =>
        Encode(messages, [], cancellationToken);

    /// <param name="tools">Functions that the model may call.</param>
    public List<int> Encode(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, CancellationToken cancellationToken = default)
    {
        var known = _readsDeveloper
            ? messages : [.. messages.Select(message => message.Role == Developer ? message with { Role = System } : message)];
        var (written, shown) = Tools.Adapt(known, tools);
        return EncodeAsWritten(written, shown, cancellationToken);
    }

    private List<int> EncodeAsWritten(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, CancellationToken cancellationToken)
    {
        var ids = new List<int>();
        Tokenizer.Encode(Render(messages, tools, cancellationToken), ids);
        return ids;
    }

    private IReadOnlyList<TextSegment> Render(
        IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools, CancellationToken cancellationToken) =>
        _template.RenderSegments(messages, tools, addGenerationPrompt: true, _marks.BosText, _marks.EosText, cancellationToken);

    /// <summary>Null where the template fails or refuses the messages.</summary>
    private string? TryRender(IReadOnlyList<TemplateMessage> messages, IReadOnlyList<ToolDefinition> tools)
    {
        try
        {
            return string.Concat(Render(messages, tools, CancellationToken.None).Select(segment => segment.Text));
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    /// <summary>
    /// Whether the template names the role and puts such a message into the chat. One that writes any role as it comes would show the
    /// model a role that it was not trained on.
    /// </summary>
    private bool ReadsDeveloper()
    {
        if (!Literals.Texts.Any(text => text.Contains(Developer, StringComparison.Ordinal)))
        {
            return false;
        }

        try
        {
            var (one, other) = (WithDeveloper("kestrel"), WithDeveloper("marmot"));
            return !one.SequenceEqual(other);
        }
        catch (TemplateException)
        {
            return false; // It refuses the role by name.
        }

        List<int> WithDeveloper(string content) => EncodeAsWritten([new(Developer, content), new("user", "x")], [], default);
    }
}
