namespace Tollgate.Inference.Tokenizers;

/// <summary>What stands before a token whose text is written.</summary>
public enum TokenPlace
{
    /// <summary>Text.</summary>
    Inside,

    /// <summary>A control token, and text before that.</summary>
    BehindControl,

    /// <summary>Nothing, or control tokens alone.</summary>
    Start,
}
