using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A text as the text encoders of a model read it.</summary>
/// <param name="Second">For a second encoder; null where there is none.</param>
internal sealed record PromptIds(ClipText First, ClipText? Second)
{
    /// <summary>Tokens that are read; a second encoder's are not counted again.</summary>
    public int Used => First.Used;

    /// <summary>What is read of a text that is longer than that; null: all is read.</summary>
    public string? Cut => First.Cut ?? Second?.Cut;
}
