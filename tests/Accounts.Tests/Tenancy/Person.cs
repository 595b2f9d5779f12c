namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>Who asks. The members are the columns of <see cref="TenancyTable"/>, in its order.</summary>
internal enum Person
{
    /// <summary>Nobody is signed in.</summary>
    SignedOut,

    /// <summary>Somebody with an account and without an organization.</summary>
    Alone,

    /// <summary>Members of the organization and of the project whose ids are asked for.</summary>
    Owner,
    Admin,
    Developer,
    Billing,
    Reader,

    /// <summary>A member whose custom role has no permission beside reading the organization.</summary>
    Custom,

    /// <summary>The owner of another organization, who asks with ids of this one.</summary>
    Foreign,

    /// <summary>A developer of the organization who is no member of the project.</summary>
    Sibling,

    /// <summary>The operator of the installation, who owns a third organization.</summary>
    Operator,
}
