namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads the members that requests about pictures share, of a body of JSON.</summary>
internal struct PictureMembers
{
    private readonly PictureInputs _images;
    private SharedMembers _shared = new();

    /// <param name="most">Most pictures; of 1, there is no array.</param>
    public PictureMembers(int most) => _images = new PictureInputs(most);

    public int ObjectStart
    {
        set => _shared.ObjectStart = value;
    }

    /// <summary>Not null after <see cref="Check"/>.</summary>
    public readonly string? Model => _shared.Model;

    public readonly IReadOnlyList<PictureInput> Pictures => _images.Pictures;

    public readonly BodyEdits Edits => _shared.Edits;

    /// <summary>Reads the value of a member that is not null.</summary>
    public bool Read(ref RequestReader reader, string name) =>
        name == "image" ? _images.Read(ref reader) : _shared.Read(ref reader, name);

    /// <summary>Requires the members that may not be absent. False after an error.</summary>
    public readonly bool Check(ref RequestReader reader) =>
        _shared.Check(ref reader, modelRequired: true) && (_images.Pictures.Count > 0 || reader.FailMissing("image"));
}

/// <summary>Reads the parts that requests about pictures share, of a form.</summary>
/// <param name="most">Most pictures.</param>
internal sealed class PictureParts(FormReader reader, int most)
{
    private readonly PictureInputs _images = new(most);
    private string? _model;

    /// <summary>Not empty after <see cref="Check"/>.</summary>
    public string Model => _model ?? "";

    public IReadOnlyList<PictureInput> Pictures => _images.Pictures;

    public bool Read(string name) => name switch
    {
        "model" => reader.ReadModel(out _model),
        "user" => reader.ReadText(out _),
        _ => _images.Read(reader, name),
    };

    /// <summary>The first error, or that of a part which may not be absent; null when there is none.</summary>
    public OpenAiError? Check() => reader.Error ?? (_model is null ? OpenAiError.MissingParameter("model")
        : _images.Pictures.Count == 0 ? OpenAiError.MissingParameter("image") : null);
}
