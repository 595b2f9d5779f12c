namespace Tollgate.Accounts.Organizations;

/// <summary>Role of a member. <see cref="MemberRoles"/> lists what each may do. Numbers are stored.</summary>
public enum MemberRole
{
    /// <summary>May do everything. An organization always has one.</summary>
    Owner = 0,

    /// <summary>Runs the organization: members, projects, keys, money.</summary>
    Admin = 1,

    /// <summary>Works in projects: keys, files, batches, fine-tuning.</summary>
    Developer = 2,

    /// <summary>Only reads.</summary>
    Reader = 3,

    /// <summary>Pays: usage and money, no keys.</summary>
    Billing = 4,

    /// <summary>The permissions of a <see cref="CustomRole"/>.</summary>
    Custom = 5,
}
