namespace Tollgate.Contracts.OpenAi;

/// <summary>Reads an <c>expires_after</c> of JSON: an object of anchor and seconds.</summary>
internal static class FileExpiryReader
{
    public static MemberNames Members { get; } = new("anchor", "seconds");

    /// <summary>Reads the object at the reader's position. Returns false after an error.</summary>
    public static bool Read(ref RequestReader reader, out long? expires)
    {
        expires = null;
        if (!reader.EnterObject())
        {
            return false;
        }

        var (seen, anchor) = (UInt128.Zero, false);
        while (reader.NextMember(Members, ref seen, out var name))
        {
            if (name == "anchor")
            {
                anchor = reader.Is("created_at"u8);
                if (!anchor && !(reader.ReadString(out _) && reader.FailValue($"'{FileExpiry.Anchor}'")))
                {
                    return false;
                }
            }
            else if (!reader.ReadInteger(FileExpiry.LeastSeconds, FileExpiry.MostSeconds, out var value))
            {
                return false;
            }
            else
            {
                expires = value;
            }
        }

        return reader.Error is null && (!anchor ? reader.FailMissing("anchor") : expires is not null || reader.FailMissing("seconds"));
    }
}
